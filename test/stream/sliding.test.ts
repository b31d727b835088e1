// Window aggregates, deltas, times since and ratios against the obvious computation over the list of all records: for each
// record, every earlier one of its key that lies in the panes of the window, by definition and without any state.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fold } from '../../libs/stream/fold.ts'
import type { AggregateOperation, FeatureSpec } from '../../libs/stream/spec.ts'
import { aggregateOperations } from '../../libs/stream/spec.ts'
import { DAY, type Entry, entries, parseDecoder, streamOf } from './table.ts'

const { PLUMBLINE_TEST_SEED } = process.env
const seed = Number(PLUMBLINE_TEST_SEED ?? 20261125)
const WINDOW_MS = 8000
const PANE_MS = 1000
const T = 1_700_000_000_000

function aggregate(operation: AggregateOperation, windowMs = WINDOW_MS): FeatureSpec {
  const field = operation === 'count' || operation === 'rate' ? null : 'x'
  return { kind: 'aggregate', name: operation, operation, field, span: { kind: 'window', windowMs }, transform: 'none' }
}

function rowsOf(features: readonly FeatureSpec[], list: readonly Entry[], latenessMs = 1e9): number[][] {
  const stream = streamOf({ features, latenessMs })
  const state = fold(stream, parseDecoder(stream.wants), { buckets: 2 })
  const rows = new Float32Array(state.rowsMax * stream.width)
  state.fold(entries(list), 0, list.length, rows)
  assert.equal(state.rowCount, list.length)
  return list.map((_, r) => [...rows.subarray(r * stream.width, (r + 1) * stream.width)])
}

interface Seen {
  readonly t: number
  readonly x: number
}

function expected(operation: AggregateOperation, records: number, values: readonly number[]): number {
  const sum = values.reduce((a, b) => a + b, 0)
  const mean = sum / values.length
  switch (operation) {
    case 'count':
      return records
    case 'rate':
      return records / (WINDOW_MS / 1000)
    case 'sum':
      return sum
    case 'mean':
      return mean
    case 'std':
      return Math.sqrt(values.reduce((a, b) => a + (b - mean) * (b - mean), 0) / values.length)
    case 'min':
      return values.length === 0 ? Number.NaN : Math.min(...values)
    case 'max':
      return values.length === 0 ? Number.NaN : Math.max(...values)
    default:
      return operation satisfies never
  }
}

function close(found: number | undefined, wanted: number, scale: number, what: string): void {
  if (Number.isNaN(wanted)) assert.ok(Number.isNaN(found), `${what}: ${found} instead of missing`)
  else assert.ok(Math.abs((found ?? Number.NaN) - wanted) <= 1e-6 * scale, `${what}: ${found} instead of ${wanted}`)
}

const entryArbitrary: fc.Arbitrary<Entry> = fc.record({
  t: fc.integer({ min: -3000, max: 30_000 }).map((t) => T + t),
  key: fc.constantFrom('a', 'b'),
  x: fc.oneof(fc.constant(null), fc.integer({ min: -1000, max: 1000 })),
})

test('every aggregate is what its definition says of the records in its panes', () => {
  const features = [
    ...aggregateOperations.map((operation) => aggregate(operation)),
    { kind: 'ratio', name: 'ratio', field: 'x', span: { kind: 'window', windowMs: WINDOW_MS }, transform: 'none' },
  ] as const
  fc.assert(
    fc.property(fc.array(entryArbitrary, { minLength: 1, maxLength: 80 }), fc.boolean(), (drawn, isSorted) => {
      const list = isSorted ? [...drawn].sort((a, b) => Number(a.t) - Number(b.t)) : drawn
      const rows = rowsOf(features, list)
      const seen = new Map<string, Seen[]>()
      for (const [i, entry] of list.entries()) {
        const t = Number(entry.t)
        const x = entry['x'] === null ? Number.NaN : Number(entry['x'])
        const mine = seen.get(String(entry.key)) ?? []
        const now = Math.floor(Math.max(t, ...mine.map((one) => one.t)) / PANE_MS)
        // A straggler whose pane was gone when it came was never counted, and no later window reaches back to it.
        const inside = (one: Seen): boolean => Math.floor(one.t / PANE_MS) > now - 8
        const before = mine
          .filter(inside)
          .map((one) => one.x)
          .filter((value) => !Number.isNaN(value))
        const all = [...mine, { t, x }]
        seen.set(String(entry.key), all)
        const values = all
          .filter(inside)
          .map((one) => one.x)
          .filter((value) => !Number.isNaN(value))
        for (const [f, operation] of aggregateOperations.entries()) {
          const wanted = expected(operation, all.filter(inside).length, values)
          close(rows[i]?.[f], wanted, 1000 * (1 + values.length), `record ${i} ${operation}`)
        }
        const mean = expected('mean', 0, before)
        const ratio = mean === 0 ? Number.NaN : x / mean
        close(rows[i]?.[aggregateOperations.length], ratio, 1000 * Math.abs(ratio) + 1, `record ${i} ratio`)
      }
    }),
    { seed, numRuns: 300 },
  )
})

test('what a feature answers does not depend on which others share its panes, to the bit', () => {
  const features: FeatureSpec[] = [
    ...aggregateOperations.map((operation) => aggregate(operation)),
    { kind: 'ratio', name: 'ratio', field: 'x', span: { kind: 'window', windowMs: WINDOW_MS }, transform: 'none' },
  ]
  fc.assert(
    fc.property(fc.array(entryArbitrary, { minLength: 1, maxLength: 80 }), (list) => {
      const together = rowsOf(features, list)
      for (const [f, feature] of features.entries()) {
        assert.deepEqual(
          together.map((row) => row[f]),
          rowsOf([feature], list).map(([x]) => x),
          feature.name,
        )
      }
    }),
    { seed },
  )
})

test('the window covers at least 7/8 of its span and at most all of it', () => {
  for (let age = 0; age <= 2 * WINDOW_MS; age += 125) {
    for (const phase of [0, 1, 499, 999]) {
      const list = [
        { t: T + phase, key: 'a', x: 1 },
        { t: T + phase + age, key: 'a', x: 1 },
      ]
      const count = rowsOf([aggregate('count')], list)[1]?.[0]
      if (age <= (7 / 8) * WINDOW_MS) assert.equal(count, 2, `age ${age}`)
      if (age >= WINDOW_MS) assert.equal(count, 1, `age ${age}`)
    }
  }
})

test('spread survives a mean a billion times greater', () => {
  const list = Array.from({ length: 64 }, (_, i): Entry => ({ t: T + i * 100, key: 'a', x: 1e9 + (i % 2) }))
  const std = rowsOf([aggregate('std')], list).at(-1)?.[0] ?? Number.NaN
  assert.ok(Math.abs(std - 0.5) < 1e-6, String(std))
})

test('times before 1970 and windows that no pane divides evenly', () => {
  const list = [-5000, -4000, -1, 0, 1, 1000].map((t): Entry => ({ t, key: 'a', x: t }))
  const rows = rowsOf([aggregate('count', 777), aggregate('min', 777)], list)
  assert.deepEqual(rows, [
    [1, -5000],
    [1, -4000],
    [1, -1],
    [2, -1],
    [3, -1],
    [1, 1000],
  ])
})

test('the largest values give finite rows', () => {
  const list = [1e15, -1e15, 1e15, 5e-324, 1e15].map((x, i): Entry => ({ t: T + i, key: 'a', x }))
  const features: FeatureSpec[] = [
    ...aggregateOperations.map((operation) => aggregate(operation)),
    { kind: 'ratio', name: 'r', field: 'x', span: { kind: 'half-life', halfLifeMs: 1 }, transform: 'none' },
    { kind: 'delta', name: 'd', field: 'x' },
  ]
  for (const [i, row] of rowsOf(features, list).entries()) {
    for (const x of i === 0 ? row.slice(0, -2) : row) assert.ok(Number.isFinite(x), `${i}: ${row}`)
  }
})

test('seconds since, and differences to the last value there was', () => {
  const list: Entry[] = [
    { t: T, key: 'a', x: 5 },
    { t: T + 1500, key: 'a', x: null },
    { t: T + 500, key: 'a', x: 7 },
    { t: T + 2500, key: 'a', x: 4 },
    { t: T + DAY, key: 'b', x: 1 },
  ]
  const rows = rowsOf(
    [
      { kind: 'since-last', name: 's', transform: 'none' },
      { kind: 'delta', name: 'd', field: 'x' },
    ],
    list,
  )
  const no = Number.NaN
  assert.deepEqual(rows, [
    [no, no],
    [1.5, no],
    [0, 2],
    [1, -3],
    [no, no],
  ])
})
