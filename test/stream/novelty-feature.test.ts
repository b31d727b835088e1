// Novelty as a feature of keys and of a series: the same numbers, wherever the state was packed in between.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Random } from '../../libs/core/random.ts'
import { bytesPerKey } from '../../libs/stream/fold.ts'
import { noveltiesOf } from '../../libs/stream/novelty-feature.ts'
import { made, packs, run, T } from './folding.ts'
import { type Entry, entries, streamOf } from './table.ts'

const { PLUMBLINE_TEST_SEED } = process.env
const seed = Number(PLUMBLINE_TEST_SEED ?? 20261125)
const features = [{ kind: 'novelty', name: 'new', field: 'x' }] as const
const stream = streamOf({ features })

/** Two keys, one of them with gaps. */
function list(count: number): Entry[] {
  const random = new Random(seed)
  return Array.from({ length: count }, (_, i) => {
    const key = i % 2 === 0 ? 'a' : 'b'
    const x = Math.fround(random.normal() * (i % 97 < 2 ? 4 : 1))
    return { t: T + i, key, x: key === 'b' && random.uniform() < 0.1 ? null : x }
  })
}

test('each key is a series by itself; a missing value neither enters nor speaks', () => {
  const all = list(2000)
  const { rows } = run(made(stream), stream, entries(all))
  for (const key of ['a', 'b']) {
    const own = all
      .map((entry, i) => ({ key: entry.key, x: entry['x'] ?? null, row: rows[i]?.[0] ?? 0 }))
      .filter((entry) => entry.key === key)
    const series = Float32Array.from(own, ({ x }) => (x === null ? Number.NaN : Number(x)))
    assert.deepEqual(
      Float32Array.from(own, ({ row }) => row),
      noveltiesOf(series),
    )
    const present = own.filter(({ x }) => x !== null)
    assert.deepEqual(
      Float32Array.from(present, ({ row }) => row),
      noveltiesOf(Float32Array.from(present, ({ x }) => Number(x))),
    )
    assert.ok(own.every(({ x, row }) => Number.isNaN(row) === (x === null)))
    assert.ok(present.filter(({ row }) => row > 2).length > 2)
  }
})

test('packed anywhere, it goes on as if it had not been', () => {
  const all = list(900)
  const straight = made(stream)
  const { rows } = run(straight, stream, entries(all))
  fc.assert(
    fc.property(fc.integer({ min: 1, max: all.length - 1 }), (at) => {
      const before = made(stream)
      run(before, stream, entries(all.slice(0, at)))
      const after = made(stream)
      for (let bucket = 0; bucket < after.buckets; bucket++) after.unpack(bucket, before.pack(bucket))
      assert.deepEqual(run(after, stream, entries(all.slice(at), at)).rows, rows.slice(at))
      assert.deepEqual(packs(after), packs(straight))
    }),
    { seed, numRuns: 40 },
  )
})

test('what a key takes is in the estimate of memory', () => {
  const without = streamOf({ features: [{ kind: 'number', name: 'x', field: 'x', transform: 'none' }] })
  assert.equal(bytesPerKey(stream) - bytesPerKey(without), 8 * (14 + 129))
})
