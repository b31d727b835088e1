import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { type Change, Regime } from '../../libs/task/regime.ts'
import { remembered, written } from '../../libs/task/remembered.ts'

const seed = Number(process.env['SEED'] ?? 7)
const OWN = 4.6
const BUDGET = 0.01
const KEYS = 40

interface Found {
  readonly changes: readonly (Change & { readonly row: number })[]
  readonly alarms: readonly number[]
  readonly regime: Regime
}

interface Row {
  readonly score: number
  readonly key: number
}

/** Judges rows in runs of random lengths, written and read again now and then. */
function judged(rows: readonly Row[], cuts: Random, budget = BUDGET): Found {
  const scores = Float32Array.from(rows, ({ score }) => score)
  const view = { scores, keyOf: (row: number) => Math.imul((rows[row]?.key ?? 0) + 1, 0x9e3779b1) >>> 0 }
  let regime = new Regime(OWN, budget, 1, null)
  const changes: (Change & { readonly row: number })[] = []
  const alarms: number[] = []
  for (let from = 0; from < rows.length; ) {
    const to = Math.min(rows.length, from + Math.min(regime.rowsLeft, 1 + cuts.integer(300)))
    const threshold = regime.threshold ?? OWN
    const own: number[] = []
    for (let row = from; row < to; row++) if ((scores[row] ?? 0) > threshold) own.push(row)
    alarms.push(...own)
    const change = regime.take(view, from, to, own, threshold)
    if (change !== null) changes.push({ ...change, row: to })
    if (cuts.integer(5) === 0) {
      const text = JSON.stringify(written({ regime: regime.state, tail: null }))
      regime = new Regime(OWN, budget, 1, remembered(JSON.parse(text)).regime)
    }
    from = to
  }
  return { changes, alarms, regime }
}

/** Exponential scores that go together: each is with probability `memory` the one before. */
function drawn(random: Random, count: number, scale: (row: number, key: number) => number, memory = 0): Row[] {
  let last = 1
  return Array.from({ length: count }, (_, row) => {
    const key = random.integer(KEYS)
    if (random.uniform() >= memory) last = random.exponential()
    return { score: last * scale(row, key), key }
  })
}

const random = (name: string): Random => Random.derived(seed, name)

test('a stream that shifts for good is one change, and no storm after it', () => {
  const rows = drawn(random('shift'), 40_000, (row) => (row < 10_000 ? 1 : 5))
  const { changes, alarms } = judged(rows, random('cuts'))
  assert.equal(changes.length, 1, JSON.stringify(changes))
  const [change] = changes
  assert.ok(change?.kind === 'changed' && change.row > 10_000 && change.row <= 10_000 + 26 * 256, `${change?.row}`)
  const rate = alarms.filter((row) => row >= change.row).length / (40_000 - change.row)
  const before = alarms.filter((row) => row >= 10_000 && row < change.row).length / (change.row - 10_000)
  assert.ok(before > 0.3, `${before} in the storm`)
  assert.ok(rate > 0.5 * BUDGET && rate < 2 * BUDGET, `${rate} after it`)
  assert.ok(Math.abs(change.rate - before) < 0.03 && change.before === OWN, JSON.stringify(change))
})

test('cuts and lives do not matter: every way gives the same changes, alarms and memory', () => {
  const rows = drawn(random('ways'), 30_000, (row) => (row > 7_000 && row < 17_000 ? 5 : 1), 0.5)
  const one = judged(rows, random('one'))
  const other = judged(rows, random('other'))
  assert.deepEqual(other.changes, one.changes)
  assert.deepEqual(other.alarms, one.alarms)
  assert.deepEqual(other.regime.state, one.regime.state)
  assert.deepEqual(
    one.changes.map(({ kind }) => kind),
    ['changed', 'returned'],
  )
})

test('when it is as it was, the threshold of the detector returns', () => {
  const { changes, alarms, regime } = judged(
    drawn(random('return'), 40_000, (row) => (row >= 10_000 && row < 20_000 ? 5 : 1)),
    random('cuts'),
  )
  assert.deepEqual(
    changes.map(({ kind }) => kind),
    ['changed', 'returned'],
  )
  const [, back] = changes
  assert.ok(back !== undefined && back.row > 20_000 && back.row <= 20_000 + 9 * 256 && back.after === OWN)
  assert.equal(regime.threshold, null)
  const rate = alarms.filter((row) => row >= back.row).length / (40_000 - back.row)
  assert.ok(rate > 0.5 * BUDGET && rate < 2 * BUDGET, `${rate}`)
})

test('a second shift is a second change, with its own threshold', () => {
  const scale = (row: number): number => (row < 10_000 ? 1 : row < 25_000 ? 5 : 20)
  const { changes } = judged(drawn(random('second'), 45_000, scale), random('cuts'))
  assert.deepEqual(
    changes.map(({ kind }) => kind),
    ['changed', 'changed'],
  )
  assert.ok((changes[1]?.after ?? 0) > 2 * (changes[0]?.after ?? 0))
})

for (const [name, scale] of [
  [
    'one key goes wrong, all its rows alarm, for good',
    (row: number, key: number) => (row > 5_000 && key === 3 ? 50 : 1),
  ],
  ['three of forty keys go wrong for good', (row: number, key: number) => (row > 5_000 && key < 3 ? 50 : 1)],
  ['everything goes wrong for a while', (row: number) => (row > 5_000 && row < 8_000 ? 20 : 1)],
  ['everything gets worse and worse', (row: number) => (row > 5_000 ? 1.0004 ** (row - 5_000) : 1)],
] as const) {
  test(`no change of regime: ${name}`, () => {
    const { changes, alarms } = judged(drawn(random(name), 14_000, scale), random('cuts'))
    assert.deepEqual(changes, [])
    assert.ok(alarms.filter((row) => row > 5_000).length > 200, 'it alarms all the while')
  })
}

test('a partition of one key has no other keys to wait for', () => {
  const rows = drawn(random('single'), 20_000, (row) => (row < 5_000 ? 1 : 5)).map((row) => ({ ...row, key: 8 }))
  assert.deepEqual(
    judged(rows, random('cuts')).changes.map(({ kind }) => kind),
    ['changed'],
  )
})

test('normal rows that keep their budget bring no change, however their alarms come together', () => {
  for (const memory of [0, 0.9, 0.99]) {
    for (const budget of [0.001, 0.01]) {
      // The own threshold is that of 1 %; for the lower budget scores are lower by as much.
      const scale = budget === 0.01 ? 1 : 4.6 / 6.9
      const rows = drawn(random(`calm ${memory} ${budget}`), 400_000, () => scale, memory)
      const { changes, regime } = judged(rows, random('cuts'), budget)
      assert.deepEqual(changes, [], `${memory} ${budget}`)
      assert.ok(regime.state.hot < 3, 'and comes nowhere near')
    }
  }
})

test('a short and steady incident of all keys alarms throughout: below the stretch it is no change', () => {
  const rows = drawn(random('short'), 12_000, (row) => (row >= 5_120 && row < 5_120 + 16 * 256 ? 5 : 1))
  const { changes, alarms } = judged(rows, random('cuts'))
  assert.deepEqual(changes, [])
  assert.ok(alarms.length > 1_000)
})
