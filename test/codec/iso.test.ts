import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isoMs } from '../../libs/codec/iso.ts'

function parsed(text: string): number {
  const bytes = Buffer.from(`??${text}??`)
  return isoMs(bytes, 2, bytes.length - 4)
}

test('times are those of Date, to the millisecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), (ms) => {
      const text = new Date(ms).toISOString()
      assert.equal(parsed(text), ms)
      assert.equal(parsed(text.replace('T', ' ').replace('Z', '')), ms)
      assert.equal(parsed(text.slice(0, 10)), Math.floor(ms / 86_400_000) * 86_400_000)
    }),
  )
})

test('offsets, fractions and what is left out', () => {
  const cases: readonly [text: string, sameAs: string][] = [
    ['2024-02-29T12:30Z', '2024-02-29T12:30:00.000Z'],
    ['2024-02-29T12:30:15+02:00', '2024-02-29T10:30:15.000Z'],
    ['2024-02-29T12:30:15-0330', '2024-02-29T16:00:15.000Z'],
    ['2024-02-29T12:30:15+01', '2024-02-29T11:30:15.000Z'],
    ['2024-02-29t12:30:15.1z', '2024-02-29T12:30:15.100Z'],
    ['2024-02-29T12:30:15.123999999Z', '2024-02-29T12:30:15.123Z'],
    ['2024-02-29T12:30:15,25', '2024-02-29T12:30:15.250Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['2024-02-28T24:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
  ]
  for (const [text, sameAs] of cases) assert.equal(parsed(text), Date.parse(sameAs), text)
})

test('what is no time is none, and nothing beyond the text is looked at', () => {
  const wrong = [
    '',
    '2024',
    '2024-13-01',
    '2023-02-29',
    '2024-02-30',
    '2024-01-01T',
    '2024-01-01T1',
    '2024-01-01T25:00',
  ]
  wrong.push(
    '2024-01-01T24:00:01',
    '2024-01-01T12:60',
    '2024-01-01T12:30:61',
    '2024-01-01T12:30:',
    '2024-01-01T12:30:1',
  )
  wrong.push(
    '2024-01-01T12:30:15.',
    '2024-01-01T12:30:15.Z',
    '2024-01-01T12:30Zx',
    '2024-01-01T12:30+',
    '2024-01-01T12:30+2',
  )
  wrong.push(
    '2024-01-01T12:30+24:00',
    '2024-01-01T12:30+02:60',
    '2024-01-01T12:30+02:',
    '+12024-01-01',
    '20240101T1230Z',
  )
  for (const text of wrong) assert.equal(parsed(text), Number.NaN, text)
  const bytes = Buffer.from('2024-01-01T12:30:15.5Z')
  for (let length = 0; length < bytes.length; length++) {
    const alone = isoMs(Uint8Array.from(bytes.subarray(0, length)), 0, length)
    assert.equal(isoMs(bytes, 0, length), alone, `${length} bytes`)
  }
})
