import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isoTime, positionId, wholeTimeMs } from '../../libs/alert/position.ts'

test('an id is 32 hexadecimal digits, the same every time', () => {
  // From sha256sum: printf 'cards\0transactions\0002\00041' | sha256sum
  assert.equal(positionId('cards', 'transactions', 2, 41), '983b74700639c9c3b426056708092182')
})

test('any time a record may give can be written and shown', () => {
  fc.assert(
    fc.property(fc.double(), (timeMs) => {
      assert.ok(Number.isSafeInteger(wholeTimeMs(timeMs)))
      assert.equal(Date.parse(isoTime(timeMs)), wholeTimeMs(timeMs) + 0)
    }),
  )
  assert.equal(isoTime(1_700_000_000_123.4), '2023-11-14T22:13:20.123Z')
})
