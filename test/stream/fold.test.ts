// The fold: outcomes and rows of records. That state is a function of the records alone: pack.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PlainRecord, recordsOf } from '../../libs/core/records.ts'
import { LATE, NORMAL, rejected, WARMING } from '../../libs/core/verdict.ts'
import { bucketKeysMax, bucketsFor } from '../../libs/stream/fold.ts'
import type { FeatureSpec } from '../../libs/stream/spec.ts'
import { amount, everyFeature, made, packs, run, T } from './folding.ts'
import { type Choice, DAY, type Entry, entries, HOUR, recordOf, streamOf } from './table.ts'

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
