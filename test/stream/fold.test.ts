// The fold: outcomes of records, and that state is a function of the records alone, however they are cut, packed or replayed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../libs/core/failure.ts'
import { type PlainRecord, type Records, recordsOf } from '../../libs/core/records.ts'
import { LATE, NORMAL, rejected, WARMING } from '../../libs/core/verdict.ts'
import { bucketKeysMax, bucketsFor, type Fold, fold } from '../../libs/stream/fold.ts'
import type { FeatureSpec } from '../../libs/stream/spec.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { type Choice, DAY, type Entry, entries, HOUR, parseDecoder, recordOf, streamOf } from './table.ts'

const { PLUMBLINE_TEST_SEED } = process.env
const seed = Number(PLUMBLINE_TEST_SEED ?? 20261125)
const amount: FeatureSpec = { kind: 'number', name: 'amount', field: 'amount', transform: 'none' }
const T = 1_700_000_000_000

const everyFeature: readonly FeatureSpec[] = [
  amount,
  { kind: 'cyclic', name: 'hour', field: 't', period: 'day' },
  { kind: 'one-hot', name: 'channel', field: 'channel', values: ['chip', 'online'] },
  { kind: 'since-last', name: 'since', transform: 'log1p' },
  { kind: 'delta', name: 'delta', field: 'amount' },
  ...(['count', 'sum', 'mean', 'std', 'min', 'max', 'rate'] as const).map(
    (operation): FeatureSpec => ({
      kind: 'aggregate',
      name: operation,
      operation,
      field: operation === 'count' || operation === 'rate' ? null : 'amount',
      span: { kind: 'window', windowMs: 8000 },
      transform: 'none',
    }),
  ),
  ...(['count', 'sum', 'mean', 'std', 'rate'] as const).map(
    (operation): FeatureSpec => ({
      kind: 'aggregate',
      name: `${operation}-decayed`,
      operation,
      field: operation === 'count' || operation === 'rate' ? null : 'amount',
      span: { kind: 'half-life', halfLifeMs: 3000 },
      transform: 'none',
    }),
  ),
  { kind: 'ratio', name: 'ratio', field: 'amount', span: { kind: 'window', windowMs: 8000 }, transform: 'none' },
  { kind: 'ratio', name: 'ratio-d', field: 'amount', span: { kind: 'half-life', halfLifeMs: 3000 }, transform: 'none' },
]

function made(stream: Stream, buckets = 4, rowsMax = 1024): Fold {
  return fold(stream, parseDecoder(stream.wants), { buckets, rowsMax })
}

interface Run {
  readonly outcomes: number[]
  readonly rows: number[][]
  readonly records: number[]
}

/** Folds everything, at most `cut` records a call. */
function run(state: Fold, stream: Stream, records: Records, cut = state.rowsMax): Run {
  const result: Run = { outcomes: [], rows: [], records: [] }
  const rows = new Float32Array(state.rowsMax * stream.width)
  for (let from = 0; from < records.count; from += cut) {
    const to = Math.min(records.count, from + cut)
    assert.equal(state.fold(records, from, to, rows), to)
    result.outcomes.push(...state.outcomes.subarray(0, to - from))
    result.records.push(...state.rowRecord.subarray(0, state.rowCount))
    for (let r = 0; r < state.rowCount; r++) {
      result.rows.push([...rows.subarray(r * stream.width, (r + 1) * stream.width)])
    }
  }
  return result
}

function packs(state: Fold): string[] {
  return Array.from({ length: state.buckets }, (_, b) => Buffer.from(state.pack(b)).toString('hex'))
}

function outcomesOf(choice: Choice, list: readonly PlainRecord[]): number[] {
  const stream = streamOf(choice)
  return run(made(stream), stream, recordsOf(list)).outcomes
}

test('numbers, phases and categories of a record are written to its row', () => {
  const stream = streamOf({
    features: [
      { ...amount, transform: 'log1p' } as FeatureSpec,
      { kind: 'cyclic', name: 'hour', field: 't', period: 'day' },
      { kind: 'one-hot', name: 'channel', field: 'channel', values: ['chip', 'online'] },
    ],
  })
  const { rows, outcomes, records } = run(
    made(stream),
    stream,
    entries([
      { t: 6 * HOUR, key: 'a', amount: Math.E - 1, channel: 'online' },
      { t: 12 * HOUR, key: 'b', amount: null, channel: 'else' },
      { t: 12 * HOUR, key: 'b', amount: -0, channel: null },
    ]),
  )
  assert.deepEqual(outcomes, [NORMAL, NORMAL, NORMAL])
  assert.deepEqual(records, [0, 1, 2])
  assert.deepEqual(
    rows[0]?.map((x) => Math.round(x * 1e6) / 1e6 + 0),
    [1, 1, 0, 0, 1],
  )
  assert.deepEqual(rows[1]?.slice(3), [0, 0])
  assert.ok(Number.isNaN(rows[1]?.[0]))
  assert.deepEqual(rows[2]?.slice(3), [Number.NaN, Number.NaN])
  assert.ok(Object.is(rows[2]?.[0], 0))
})

test('each bad record has its own reason and changes no state', () => {
  const stream = streamOf({ features: everyFeature, missing: { kind: 'reject' } })
  const good: Entry = { t: T, key: 'a', amount: 1, channel: 'chip' }
  const bad: readonly [PlainRecord, number][] = [
    [recordOf(good, { value: new TextEncoder().encode('[]') }), rejected('undecodable')],
    [recordOf(good, { key: null }), rejected('wrong-key')],
    [recordOf(good, { key: new TextEncoder().encode('A') }), rejected('wrong-key')],
    [recordOf(good, { key: new TextEncoder().encode('aa') }), rejected('wrong-key')],
    [recordOf({ ...good, key: null }), rejected('missing')],
    [recordOf({ ...good, t: null }), rejected('missing')],
    [recordOf({ ...good, amount: null }), rejected('missing')],
    [recordOf({ ...good, channel: null }), rejected('missing')],
    [recordOf({ ...good, amount: 1.1e15 }), rejected('not-finite')],
    [recordOf({ ...good, amount: -1.1e15 }), rejected('not-finite')],
    [recordOf({ ...good, t: 1e16 }), rejected('not-finite')],
    [recordOf(good, { timestampMs: T - HOUR - 1 }), rejected('future')],
    [recordOf({ ...good, t: T - 5001 }), LATE],
  ]
  const state = made(stream)
  run(state, stream, entries([good]))
  const before = packs(state)
  const { outcomes, rows } = run(state, stream, recordsOf(bad.map(([record]) => record)))
  assert.deepEqual(
    outcomes,
    bad.map(([, outcome]) => outcome),
  )
  assert.equal(rows.length, 0)
  for (let b = 0; b < state.buckets; b++) assert.equal(state.isDirty(b), false)
  assert.deepEqual(packs(state), before)
})

test('a record at the very bounds of lateness and future is taken', () => {
  const features = [amount]
  const at = (t: number, timestampMs = t): PlainRecord => recordOf({ t, key: 'a', amount: 1 }, { timestampMs })
  assert.deepEqual(
    outcomesOf({ features }, [at(T), at(T - 5000), at(T - 5001), at(T + HOUR, T), at(T + 2 * HOUR, -1)]),
    [NORMAL, NORMAL, LATE, NORMAL, NORMAL],
  )
})

test('times of every unit are milliseconds', () => {
  const features: FeatureSpec[] = [{ kind: 'cyclic', name: 'hour', field: 't', period: 'day' }]
  const moments: readonly [Choice['unit'] & string, number | string][] = [
    ['s', T / 1000],
    ['ms', T],
    ['us', T * 1000],
    ['iso', new Date(T).toISOString()],
  ]
  for (const [unit, t] of moments) {
    const stream = streamOf({ features, unit })
    const state = made(stream)
    const { rows } = run(state, stream, recordsOf([recordOf({ t, key: 'a' }, { timestampMs: T })]))
    assert.deepEqual(
      rows,
      [[Math.sin((2 * Math.PI * (T % DAY)) / DAY), Math.cos((2 * Math.PI * (T % DAY)) / DAY)]].map((row) => [
        ...Float32Array.from(row),
      ]),
      unit,
    )
    assert.equal(state.eventTimesMs[0], T)
  }
})

test('the own key may be an Avro string, bare or framed, or of no concern', () => {
  const entry: Entry = { t: T, key: 'k'.repeat(70), amount: 1 }
  const content = new TextEncoder().encode('k'.repeat(70))
  const keys: readonly (readonly number[] | null)[] = [
    [0x8c, 0x01, ...content],
    [0, 0, 0, 0, 7, 0x8c, 0x01, ...content],
    [...content],
    [0x8c, 0x01, ...content.subarray(1)],
    [0x8c, 0x01, ...content, 107],
    [],
    null,
  ]
  const list = keys.map((key) => recordOf(entry, { key: key === null ? null : Uint8Array.from(key) }))
  const wrong = rejected('wrong-key')
  assert.deepEqual(outcomesOf({ features: [amount], keyFormat: 'avro' }, list), [
    NORMAL,
    NORMAL,
    wrong,
    wrong,
    wrong,
    wrong,
    wrong,
  ])
  assert.deepEqual(
    outcomesOf({ features: [amount], keyFormat: 'ignore' }, list),
    list.map(() => NORMAL),
  )
})

test('a constant stands for what is missing, in rows but not in state', () => {
  const stream = streamOf({
    features: [
      amount,
      { kind: 'one-hot', name: 'size', field: 'size', values: ['5', '7'] },
      { kind: 'since-last', name: 'since', transform: 'none' },
      {
        kind: 'aggregate',
        name: 'mean',
        operation: 'mean',
        field: 'amount',
        span: { kind: 'window', windowMs: DAY },
        transform: 'none',
      },
    ],
    missing: { kind: 'constant', value: 7 },
  })
  const list: Entry[] = [
    { t: T, key: 'a', amount: null, size: null },
    { t: T + 1000, key: 'a', amount: 1, size: '5' },
  ]
  assert.deepEqual(run(made(stream), stream, entries(list)).rows, [
    [7, 0, 1, 7, 7],
    [1, 1, 0, 1, 1],
  ])
})

test('rows of several steps warm up, then hold the oldest step first', () => {
  const stream = streamOf({ features: [amount], rows: 3 })
  const list = [1, 2, 3, 4, 5].map((x): Entry => ({ t: T + x, key: 'a', amount: x === 4 ? null : x }))
  const { outcomes, rows, records } = run(made(stream), stream, entries(list))
  assert.deepEqual(outcomes, [WARMING, WARMING, NORMAL, NORMAL, NORMAL])
  assert.deepEqual(records, [2, 3, 4])
  assert.deepEqual(rows, [
    [1, 2, 3],
    [2, 3, Number.NaN],
    [3, Number.NaN, 5],
  ])
})

test('the key used longest ago is forgotten, and starts anew', () => {
  const stream = streamOf({
    features: [
      {
        kind: 'aggregate',
        name: 'n',
        operation: 'count',
        field: null,
        span: { kind: 'window', windowMs: DAY },
        transform: 'none',
      },
    ],
    keysMax: 2,
  })
  const state = made(stream, 1)
  const list = ['a', 'b', 'a', 'c', 'a', 'b', 'c'].map((key, i): Entry => ({ t: T + i, key }))
  assert.deepEqual(run(state, stream, entries(list)).rows.flat(), [1, 1, 2, 1, 3, 1, 1])
  assert.equal(state.keys, 2)
  assert.equal(state.evictions, 3)
})

test('texts of the last call', () => {
  const stream = streamOf({ features: [amount] })
  const state = made(stream)
  const records = entries([
    { t: T, key: 'a', amount: 1 },
    { t: T, key: 'ключ', amount: 1, id: 'tx-1' },
  ])
  state.fold(records, 1, 2, null)
  assert.equal(state.keyText(records, 1), 'ключ')
  assert.equal(state.idText(records, 1), 'tx-1')
  state.fold(records, 0, 1, null)
  assert.equal(state.idText(records, 0), null)
})

const entryArbitrary: fc.Arbitrary<Entry> = fc
  .record({
    t: fc.integer({ min: -9000, max: 40_000 }),
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
    amount: fc.oneof(
      fc.constant(null),
      fc.integer({ min: -50, max: 50 }),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    ),
    channel: fc.constantFrom(null, 'chip', 'online', 'else'),
  })
  .map((entry) => ({ ...entry, t: T + entry.t }))

const listArbitrary = fc.array(entryArbitrary, { minLength: 1, maxLength: 120 })

for (const rows of [1, 3]) {
  const stream = streamOf({ features: everyFeature, rows, keysMax: 6, latenessMs: 20_000 })

  test(`neither rows nor state depend on how records are cut (rows: ${rows})`, () => {
    fc.assert(
      fc.property(listArbitrary, fc.integer({ min: 1, max: 20 }), (list, cut) => {
        const whole = made(stream, 2)
        const pieces = made(stream, 2)
        assert.deepEqual(run(pieces, stream, entries(list), cut), run(whole, stream, entries(list)))
        assert.deepEqual(packs(pieces), packs(whole))
      }),
      { seed },
    )
  })

  test(`packed in between, a fold goes on as if it had not been (rows: ${rows})`, () => {
    fc.assert(
      fc.property(listArbitrary, listArbitrary, (a, b) => {
        const straight = made(stream, 2)
        run(straight, stream, entries(a))
        const moved = made(stream, 2)
        for (let bucket = 0; bucket < 2; bucket++) moved.unpack(bucket, straight.pack(bucket))
        assert.deepEqual(packs(moved), packs(straight))
        assert.deepEqual(run(moved, stream, entries(b)), run(straight, stream, entries(b)))
        assert.deepEqual(packs(moved), packs(straight))
        assert.equal(moved.keys, straight.keys)
      }),
      { seed },
    )
  })

  test(`replayed into buckets that are ahead by different offsets, state is that of a straight fold (rows: ${rows})`, () => {
    fc.assert(
      fc.property(listArbitrary, fc.array(fc.nat(), { minLength: 2, maxLength: 2 }), (list, ahead) => {
        const straight = made(stream, 2)
        run(straight, stream, entries(list, 100))
        const offsets = Float64Array.from(ahead, (x) => 100 + (x % (list.length + 1)))
        const restored = made(stream, 2, 16)
        for (const [bucket, offset] of offsets.entries()) {
          const partial = made(stream, 2)
          run(partial, stream, entries(list.slice(0, offset - 100), 100))
          restored.unpack(bucket, partial.pack(bucket))
        }
        assert.equal(restored.replay(entries(list, 100), offsets), list.length)
        assert.deepEqual(packs(restored), packs(straight))
      }),
      { seed },
    )
  })
}

test('rows are not needed for the state', () => {
  const stream = streamOf({ features: everyFeature })
  fc.assert(
    fc.property(listArbitrary, (list) => {
      const [seen, unseen] = [made(stream), made(stream)]
      run(seen, stream, entries(list))
      unseen.fold(entries(list), 0, list.length, null)
      assert.equal(unseen.rowCount, seen.rowCount)
      assert.deepEqual(packs(unseen), packs(seen))
    }),
    { seed },
  )
})

test('bytes that are not one whole bucket of this revision are refused', () => {
  const stream = streamOf({ features: everyFeature, rows: 2 })
  const list = Array.from(
    { length: 40 },
    (_, i): Entry => ({ t: T + i, key: `k${i % 13}`, amount: i, channel: 'chip' }),
  )
  const state = made(stream)
  run(state, stream, entries(list))
  const bytes = state.pack(1)
  const refuse = (other: Fold, bucket: number, found: Uint8Array): void => {
    const before = packs(other)
    assert.throws(
      () => other.unpack(bucket, found),
      (thrown) => thrown instanceof Failure && thrown.code === 'state-mismatch',
    )
    assert.deepEqual(packs(other), before)
  }
  for (let length = 0; length < bytes.length; length++) refuse(made(stream), 1, bytes.subarray(0, length))
  for (let i = 0; i < bytes.length; i++) {
    const changed = bytes.slice()
    changed[i] = (changed[i] ?? 0) ^ (1 << (i % 8))
    refuse(made(stream), 1, changed)
  }
  refuse(made(stream), 0, bytes)
  refuse(made(stream, 8), 1, bytes)
  refuse(made(streamOf({ features: everyFeature, rows: 2, revision: 'fedcba9876543210' })), 1, bytes)
  refuse(made(streamOf({ features: everyFeature, rows: 3 })), 1, bytes)
  refuse(made(streamOf({ features: [amount], rows: 2 })), 1, bytes)
  refuse(state, 1, Uint8Array.from([...bytes, 0]))
})

test('a partition holds keysMax keys before it forgets one', () => {
  const stream = streamOf({ features: [amount], keysMax: 2000 })
  const state = made(stream, 64)
  const list = Array.from({ length: 2000 }, (_, i): Entry => ({ t: T, key: `customer-${i}`, amount: 1 }))
  run(state, stream, entries(list))
  assert.equal(state.keys, 2000)
  assert.equal(state.evictions, 0)
  assert.ok(bucketKeysMax(1_000_000, 64) * 64 < 1_060_000)
  assert.equal(bucketsFor(stream), 16)
})
