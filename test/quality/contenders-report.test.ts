import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds, settings, type Trial } from './contenders.ts'
import { contendersReport } from './contenders-report.ts'
import { tableNames } from './datasets.ts'

const published = new Map(tableNames.map((set) => [set, new Map([['KNN', 71]])]))
const pyod = new Map(tableNames.map((set) => [set, { auroc: 80, ap: 30 }]))

test('settings stand beside the references with their difference, and costs below', () => {
  const trials = [...kinds, ...settings].flatMap(({ name }) =>
    [...tableNames, 'card'].flatMap((set) =>
      [0, 1].map((seed): Trial => {
        const auroc = (name === 'best' ? 0.9 : 0.7) + 0.02 * seed
        return { contender: name, set, seed, auroc, averagePrecision: 0.5, fitSeconds: 3, scoreMicroseconds: 0.25 }
      }),
    ),
  )
  const text = contendersReport(trials, { pyod, published })
  const settled = '71.0 / 50.0 | 71.0 / 50.0 | 91.0 / 50.0'
  assert.ok(text.includes(`| Wilt | ${settled} | 80.0 / 30.0 | −9.0 | −9.0 | +11.0 |`), text)
  assert.ok(text.includes(`| **mean** | ${settled} | 80.0 / 30.0 | −9.0 | −9.0 | +11.0 |`), text)
  assert.ok(text.includes('| seconds of a core to train, mean of tables | 3.0 |'), text)
  assert.ok(text.includes('| Wilt | 71.0 | 71.0 | 91.0 | 71.0 | – |'), text)
})
