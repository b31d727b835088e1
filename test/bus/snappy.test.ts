// Snappy against another implementation's compressor, and against bytes that nobody compressed.

import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { compress } from 'snappyjs'
import { inflateSnappy, snappyLength } from '../../libs/bus/snappy.ts'

const texts = fc.array(fc.constantFrom('abc', 'abcabcabc', 'x'.repeat(70), '\u0000', 'payment'), { maxLength: 400 })

function inflated(block: Uint8Array): Uint8Array {
  const out = new Uint8Array(snappyLength(block))
  assert.equal(inflateSnappy(block, out, 0), out.length)
  return out
}

test('what was compressed comes out as it went in', () => {
  fc.assert(
    fc.property(texts, (parts) => {
      const bytes = new TextEncoder().encode(parts.join(''))
      if (bytes.length === 0) return
      assert.deepEqual(inflated(new Uint8Array(compress(bytes))), bytes)
    }),
  )
})

test('damaged blocks end, within their memory, as a block or a RangeError', () => {
  const original = new Uint8Array(compress(new TextEncoder().encode('payment of a customer, '.repeat(80))))
  const flip = fc.tuple(fc.nat(original.length - 1), fc.nat(255))
  fc.assert(
    fc.property(fc.array(flip, { minLength: 1, maxLength: 5 }), (flips) => {
      const block = Uint8Array.from(original)
      for (const [at, byte] of flips) block[at] = byte
      const out = new Uint8Array(10_000).fill(7)
      try {
        const end = inflateSnappy(block, out, 100)
        assert.ok(out.subarray(end).every((byte) => byte === 7))
      } catch (thrown) {
        assert.ok(thrown instanceof RangeError, String(thrown))
      }
      assert.ok(out.subarray(0, 100).every((byte) => byte === 7))
    }),
    { numRuns: 5_000 },
  )
})
