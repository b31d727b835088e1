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

test('keys are found, kept in order of use, and forgotten oldest first', () => {
  // Few distinct hashes, so that probing collides and holes are closed often.
  const key = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom(0, 1, 2, 15, 16, 17, 31, 32, 4294967295))
  fc.assert(
    fc.property(fc.array(key, { maxLength: 300 }), fc.integer({ min: 1, max: 30 }), (uses, keysMax) => {
      const slab = new Slab(keysMax, SLAB_CELLS + 1, 0)
      let model: string[] = []
      let evictions = 0
      for (const [high, low] of uses) {
        const name = `${high}/${low}`
        const isKnown = model.includes(name)
        assert.equal(slab.find(high, low) >= 0, isKnown)
        if (!isKnown && model.length === keysMax) {
          model.shift()
          evictions++
        }
        model = [...model.filter((one) => one !== name), name]
        use(slab, high, low)
        assert.equal(slab.keys, model.length)
        assert.equal(slab.evictions, evictions)
      }
      const order = [...slab.order()]
      assert.deepEqual(
        order.map((slot) => `${slab.high(slot)}/${slab.low(slot)}`),
        model,
      )
      for (const slot of order) {
        assert.equal(slab.find(slab.high(slot), slab.low(slot)), slot)
        assert.equal(slab.cells[slot * slab.stride + SLAB_CELLS], slab.high(slot) * 1000 + slab.low(slot))
      }
    }),
    { seed, numRuns: 300 },
  )
})

test('growing keeps cells and steps of every slot', () => {
  const slab = new Slab(1000, SLAB_CELLS + 1, 2)
  for (let i = 0; i < 1000; i++) {
    const slot = use(slab, i, i * 7)
    slab.steps[slot * 2 + 1] = i
  }
  for (let i = 0; i < 1000; i++) {
    const slot = slab.find(i, i * 7)
    assert.equal(slab.cells[slot * slab.stride + SLAB_CELLS], i * 1000 + i * 7)
    assert.equal(slab.steps[slot * 2 + 1], i)
  }
  assert.equal(slab.evictions, 0)
})
