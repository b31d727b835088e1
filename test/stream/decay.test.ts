// Half-life aggregates against the sum over all records of the key, each weighed by its age.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fold } from '../../libs/stream/fold.ts'
import type { FeatureSpec } from '../../libs/stream/spec.ts'
import { type Entry, entries, parseDecoder, streamOf } from './table.ts'

const { PLUMBLINE_TEST_SEED } = process.env
const seed = Number(PLUMBLINE_TEST_SEED ?? 20261125)
const HALF_LIFE_MS = 3000
const T = 1_700_000_000_000
const operations = ['count', 'sum', 'mean', 'std', 'rate'] as const
const span = { kind: 'half-life', halfLifeMs: HALF_LIFE_MS } as const

const features: readonly FeatureSpec[] = [
  ...operations.map((operation): FeatureSpec => {
    const field = operation === 'count' || operation === 'rate' ? null : 'x'
    return { kind: 'aggregate', name: operation, operation, field, span, transform: 'none' }
  }),
  { kind: 'ratio', name: 'ratio', field: 'x', span, transform: 'none' },
]

function rowsOf(list: readonly Entry[]): number[][] {
  const stream = streamOf({ features, latenessMs: 1e9 })
  const state = fold(stream, parseDecoder(stream.wants), { buckets: 1 })
  const rows = new Float32Array(state.rowsMax * stream.width)
  state.fold(entries(list), 0, list.length, rows)
  return list.map((_, r) => [...rows.subarray(r * stream.width, (r + 1) * stream.width)])
}

function weighed(list: readonly Entry[], asOf: number): { n: number; sum: number; mean: number; std: number } {
  const weights = list.map((entry) => 2 ** ((Number(entry.t) - asOf) / HALF_LIFE_MS))
  const xs = list.map((entry) => Number(entry['x']))
  const n = weights.reduce((a, b) => a + b, 0)
  const sum = weights.reduce((a, w, i) => a + w * (xs[i] ?? 0), 0)
  const squares = weights.reduce((a, w, i) => a + w * ((xs[i] ?? 0) - sum / n) ** 2, 0)
  return { n, sum, mean: sum / n, std: Math.sqrt(squares / n) }
}

test('each record weighs 2^-(age / half-life), whatever the order they came in', () => {
  const entry: fc.Arbitrary<Entry> = fc.record({
    t: fc.integer({ min: 0, max: 30_000 }).map((t) => T + t),
    key: fc.constant('a'),
    x: fc.oneof(fc.constant(null), fc.integer({ min: -1000, max: 1000 })),
  })
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 40 }), (list) => {
      const rows = rowsOf(list)
      for (let i = 0; i < list.length; i++) {
        const all = list.slice(0, i + 1)
        const asOf = Math.max(...all.map(({ t }) => Number(t)))
        const counted = weighed(
          all.map((one) => ({ ...one, x: 1 })),
          asOf,
        )
        const valued = weighed(
          all.filter((one) => one['x'] !== null),
          asOf,
        )
        const rate = (counted.n * Math.LN2 * 1000) / HALF_LIFE_MS
        const wanted = [counted.n, valued.sum, valued.mean, valued.std, rate]
        for (const [f, value] of wanted.entries()) {
          const found = rows[i]?.[f] ?? 0
          const isMissing = Number.isNaN(value)
          assert.ok(
            isMissing
              ? f === 1 || Number.isNaN(found)
              : Math.abs(found - value) <= 1e-5 * (1 + Math.abs(value)) + 2e-3 * Number(f === 3),
            `record ${i} ${operations[f]}: ${found} instead of ${value}`,
          )
        }
      }
    }),
    { seed },
  )
})

test('after forty half-lives of silence nothing is left, and the ratio is missing again', () => {
  const rows = rowsOf([
    { t: T, key: 'a', x: 10 },
    { t: T + 1, key: 'a', x: 20 },
    { t: T + 60 * HALF_LIFE_MS, key: 'a', x: 30 },
    { t: T + 61 * HALF_LIFE_MS, key: 'a', x: 15 },
  ])
  assert.deepEqual(rows[2]?.slice(0, 4), [1, 30, 30, 0])
  assert.deepEqual(
    rows.map((row) => row[5]).map((x) => (x === undefined || Number.isNaN(x) ? null : Math.round(x * 10) / 10)),
    [null, 2, null, 0.5],
  )
})
