// The slab against the obvious model: a list of keys in order of use.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SLAB_CELLS, Slab } from '../../libs/stream/slab.ts'

const { PLUMBLINE_TEST_SEED } = process.env
const seed = Number(PLUMBLINE_TEST_SEED ?? 20261125)

/** Uses a key as the fold does; the slot's last cell remembers which key took it. */
function use(slab: Slab, high: number, low: number): number {
  let slot = slab.find(high, low)
  if (slot >= 0) slab.touch(slot)
  else {
    slot = slab.take(high, low)
    slab.cells[slot * slab.stride + SLAB_CELLS] = high * 1000 + low
  }
  return slot
}

const BUCKETS = 2

function made(keysMax: number, stepStride = 0, buckets = BUCKETS): Slab {
  return new Slab({ buckets, keysMax, stride: SLAB_CELLS + 1, stepStride })
}

test('keys are found, kept in order of use, and forgotten oldest first, each bucket by itself', () => {
  // Few distinct hashes, so that probing collides and holes are closed often.
  const key = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom(0, 1, 2, 8190, 8191, 8192, 16383, 4294967295))
  fc.assert(
    fc.property(fc.array(key, { maxLength: 300 }), fc.integer({ min: 1, max: 12 }), (uses, keysMax) => {
      const slab = made(keysMax)
      const models: string[][] = Array.from({ length: BUCKETS }, () => [])
      let evictions = 0
      for (const [high, low] of uses) {
        const name = `${high}/${low}`
        const model = models[high % BUCKETS] ?? []
        assert.equal(slab.find(high, low) >= 0, model.includes(name))
        if (!model.includes(name) && model.length === keysMax) {
          model.shift()
          evictions++
        }
        models[high % BUCKETS] = [...model.filter((one) => one !== name), name]
        use(slab, high, low)
        assert.equal(slab.keys, models.flat().length)
        assert.equal(slab.evictions, evictions)
      }
      for (const [bucket, model] of models.entries()) {
        const order = [...slab.order(bucket)]
        assert.deepEqual(
          order.map((slot) => `${slab.high(slot)}/${slab.low(slot)}`),
          model,
        )
        assert.equal(slab.keysOf(bucket), model.length)
        for (const slot of order) {
          assert.equal(slab.find(slab.high(slot), slab.low(slot)), slot)
          assert.equal(slab.cells[slot * slab.stride + SLAB_CELLS], slab.high(slot) * 1000 + slab.low(slot))
        }
      }
    }),
    { seed, numRuns: 300 },
  )
})

test('all keys are found again however far the table has grown', () => {
  const slab = made(20_000, 2)
  for (let i = 0; i < 40_000; i++) {
    const slot = use(slab, i, i * 7)
    slab.steps[slot * 2 + 1] = i
  }
  for (let i = 0; i < 40_000; i++) {
    const slot = slab.find(i, i * 7)
    assert.equal(slab.cells[slot * slab.stride + SLAB_CELLS], i * 1000 + i * 7)
    assert.equal(slab.steps[slot * 2 + 1], i)
  }
  assert.equal(slab.evictions, 0)
})

test('a bucket that is replaced keeps the order of the other, and the other slots stay', () => {
  const slab = made(3, 1)
  for (const low of [1, 2, 3]) for (const high of [0, 1]) use(slab, high, low)
  const other = made(3, 1, 1)
  for (const low of [3, 9, 3]) slab.steps[use(other, 1, low)] = low
  slab.replace(1, other)
  const names = (bucket: number): string[] =>
    [...slab.order(bucket)].map((slot) => `${slab.high(slot)}/${slab.low(slot)}`)
  assert.deepEqual(names(0), ['0/1', '0/2', '0/3'])
  assert.deepEqual(names(1), ['1/9', '1/3'])
  assert.equal(slab.keys, 5)
  assert.equal(slab.find(1, 1), -1)
  assert.equal(slab.cells[slab.find(1, 9) * slab.stride + SLAB_CELLS], 1009)
  for (const low of [4, 5]) use(slab, 1, low)
  assert.deepEqual(names(1), ['1/3', '1/4', '1/5'])
})

test('memory that cannot be had is a failure that says so', () => {
  assert.throws(() => made(2 ** 31), /keysMax/)
})
