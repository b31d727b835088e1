import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { headersOf, keyBytes, type PlainRecord, recordsOf, valueBytes } from '../../libs/core/records.ts'

const bytes: fc.Arbitrary<Uint8Array | null> = fc.option(fc.uint8Array({ maxLength: 200 }))
const plain: fc.Arbitrary<PlainRecord> = fc.record({
  key: bytes,
  value: bytes,
  timestampMs: fc.integer({ min: 0, max: 2 ** 45 }),
  headers: fc.array(fc.tuple(fc.string({ maxLength: 200 }), bytes), {
    maxLength: 3,
  }),
})

test('a list of records comes out of its run as it went in', () => {
  fc.assert(
    fc.property(fc.array(plain, { maxLength: 10 }), fc.nat(2 ** 40), (list, base) => {
      const run = recordsOf(list, base)
      assert.equal(run.count, list.length)
      assert.equal(run.nextOffset, base + list.length)
      list.forEach((record, i) => {
        assert.deepEqual(keyBytes(run, i), record.key)
        assert.deepEqual(valueBytes(run, i), record.value)
        assert.deepEqual(headersOf(run, i), record.headers)
        assert.equal(run.offsets[i], base + i)
        assert.equal(run.timestampsMs[i], record.timestampMs)
      })
    }),
  )
})
