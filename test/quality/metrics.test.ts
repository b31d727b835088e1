import assert from 'node:assert/strict'
import { test } from 'node:test'
import { absent, cardSplit, readCsv, readText, tableSplit } from './datasets.ts'
import { cardPrecision, mean, pointMetrics } from './metrics.ts'

const tolerance = 1e-6
const skip = absent

function near(found: number, expected: number, what: string, within = tolerance): void {
  assert.ok(Math.abs(found - expected) <= within, `${what}: ${found}, expected ${expected}`)
}

test('ties enter together, a constant score is worth nothing', () => {
  const flat = pointMetrics([1, 1, 1, 1], [0, 1, 0, 0])
  assert.deepEqual([flat.auroc, flat.averagePrecision, flat.f1AtN], [0.5, 0.25, 0.4])
  assert.equal(pointMetrics([0, 1, Number.NaN], [0, 1, 0]).auroc, 1)
})

interface PointCase {
  readonly name: string
  readonly labels: readonly number[]
  readonly scores: readonly number[]
  readonly expected: { auroc: number; average_precision: number; f1_at_n: number; best_f1: number }
}

test('point metrics equal those of another implementation', { skip }, () => {
  const { cases }: { cases: readonly PointCase[] } = JSON.parse(readText('golden/point-metrics.json'))
  assert.ok(cases.length >= 15)
  for (const { name, labels, scores, expected } of cases) {
    const found = pointMetrics(scores, labels)
    near(found.auroc, expected.auroc, `${name} auroc`)
    near(found.averagePrecision, expected.average_precision, `${name} ap`)
    near(found.f1AtN, expected.f1_at_n, `${name} f1@n`)
    near(found.bestF1, expected.best_f1, `${name} best f1`)
  }
})

interface TableCase {
  readonly set: string
  readonly columns: number
  readonly train_rows: number
  readonly test_rows: number
  readonly test_anomalies: number
  readonly scaled_train_row0_first3: readonly number[]
  readonly scaled_last_test_row_first3: readonly number[]
  readonly expected: { readonly squared_norm: { auroc: number; average_precision: number; f1_at_n: number } }
}

test('the split of the tables, their scaling and a detector without learning are those of the protocol', {
  skip,
}, () => {
  const { sets }: { sets: readonly TableCase[] } = JSON.parse(readText('golden/tabular-protocol.json'))
  assert.equal(sets.length, 12)
  for (const known of sets) {
    const { width, train, test: rows, labels } = tableSplit(known.set)
    assert.deepEqual(
      [width, train.length / width, rows.length / width, labels.reduce((sum, label) => sum + label, 0)],
      [known.columns, known.train_rows, known.test_rows, known.test_anomalies],
    )
    for (let j = 0; j < 3; j++) {
      near(train[j]!, known.scaled_train_row0_first3[j]!, `${known.set} first row`, 1e-5)
      near(rows[rows.length - width + j]!, known.scaled_last_test_row_first3[j]!, `${known.set} last row`, 1e-5)
    }
    const norms = Float64Array.from(labels, (_, i) => {
      let sum = 0
      for (let j = 0; j < width; j++) sum += rows[i * width + j]! ** 2
      return sum
    })
    const found = pointMetrics(norms, labels)
    near(found.auroc, known.expected.squared_norm.auroc, `${known.set} auroc`, 1e-4)
    near(found.averagePrecision, known.expected.squared_norm.average_precision, `${known.set} ap`, 1e-4)
    near(found.f1AtN, known.expected.squared_norm.f1_at_n, `${known.set} f1@n`, 1e-4)
  }
})

interface CardCase {
  readonly score: string
  readonly expected: {
    auc_roc: number
    average_precision: number
    card_precision_at_100: number
    per_day: readonly number[]
  }
}

test('card precision equals that of another implementation, day by day', { skip }, () => {
  const { cases }: { cases: readonly CardCase[] } = JSON.parse(readText('golden/card.json'))
  const split = cardSplit()
  const { header, rows } = readCsv('card-transactions/dev_eval.csv.gz')
  const column = (name: string): Float64Array => Float64Array.from(rows, (row) => row[header.indexOf(name)]!)
  const amount = column('TX_AMOUNT')
  const average = column('CUSTOMER_ID_AVG_AMOUNT_30DAY_WINDOW')
  const formulas: Record<string, Float64Array> = {
    amount,
    'amount/avg30': amount.map((value, i) => value / (average[i]! + 1)),
    'terminal-risk7': column('TERMINAL_ID_RISK_7DAY_WINDOW'),
    'nb-tx-1day': column('CUSTOMER_ID_NB_TX_1DAY_WINDOW'),
    constant: new Float64Array(rows.length),
    label: column('TX_FRAUD'),
    'pseudo-random': column('TRANSACTION_ID').map((id) => ((id * 7919) % 10007) / 10007),
  }
  for (const { score, expected } of cases) {
    const scores = formulas[score]
    assert.ok(scores !== undefined, `a formula for ${score}`)
    const found = pointMetrics(scores, split.labels)
    near(found.auroc, expected.auc_roc, `${score} auc`)
    near(found.averagePrecision, expected.average_precision, `${score} ap`)
    const days = cardPrecision(scores, split)
    assert.deepEqual(days, expected.per_day, score)
    near(mean(days), expected.card_precision_at_100, score)
  }
})
