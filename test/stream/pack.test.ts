// State: a function of the records alone, however they are cut, packed in between or replayed; and no other bytes are taken.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../libs/core/failure.ts'
import type { Fold } from '../../libs/stream/fold.ts'
import { amount, everyFeature, made, packs, run, T } from './folding.ts'
import { type Entry, entries, streamOf } from './table.ts'

const { PLUMBLINE_TEST_SEED } = process.env
const seed = Number(PLUMBLINE_TEST_SEED ?? 20261125)

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
