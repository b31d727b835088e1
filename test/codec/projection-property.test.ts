// Properties over arbitrary schemas and values: a projection equals the full decode, whatever is wanted, and no bytes make
// it throw, hang or read beyond the record.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { avroTypeOf } from '../../libs/codec/avro.ts'
import type { Want } from '../../libs/codec/columns.ts'
import { avroDecoder } from '../../libs/codec/projection.ts'
import { samples } from './avro-arbitrary.ts'
import { type Expected, expectedOf, projected, wantsOf } from './projection-oracle.ts'
import { runs, seed } from './seed.ts'

const cases = samples.chain(({ schema, values }) => {
  const schemaText = JSON.stringify(schema)
  return fc.shuffledSubarray(wantsOf(schemaText)).map((wants) => ({ schemaText, wants, values }))
})

/** A varint of more than ten bytes is refused; the library reads on. */
const overlong = /(?:[89a-f][0-9a-f]){10}/

function agrees(expected: Expected, actual: unknown, hex: string): void {
  if (actual === 'undecodable' && overlong.test(hex)) return
  const note = `${hex}, seed ${seed}`
  switch (expected.kind) {
    case 'cells':
      assert.deepEqual(actual, expected.cells, note)
      return
    case 'faults':
      assert.ok(
        expected.reasons.some((reason) => reason === actual),
        `${note}: ${JSON.stringify(actual)} for ${expected.reasons}`,
      )
      return
    case 'undecodable':
      return
    default:
      throw expected satisfies never
  }
}

function check(schemaText: string, wants: readonly Want[], values: readonly Uint8Array[]): void {
  const rows = projected(avroDecoder({ schemaText, framing: 'bare' }, wants), wants, values)
  for (const [row, value] of values.entries()) {
    agrees(expectedOf(schemaText, wants, value), rows[row], Buffer.from(value).toString('hex'))
  }
}

test(`a projection equals the full decode (seed ${seed})`, () => {
  fc.assert(
    fc.property(cases, ({ schemaText, wants, values }) => {
      const type = avroTypeOf(schemaText)
      check(
        schemaText,
        wants,
        values.map((value) => type.encode(value)),
      )
    }),
    runs(60),
  )
})

test(`a truncated or prolonged record is undecodable, at every length (seed ${seed})`, () => {
  fc.assert(
    fc.property(cases, ({ schemaText, wants, values }) => {
      const type = avroTypeOf(schemaText)
      const decoder = avroDecoder({ schemaText, framing: 'bare' }, wants)
      const bytes = type.encode(values[0])
      const cut = Array.from(bytes, (_, length) => bytes.subarray(0, length))
      const rows = projected(decoder, wants, [...cut, Buffer.concat([bytes, Buffer.from([0])])])
      for (const row of rows) assert.equal(row, 'undecodable')
    }),
    runs(20),
  )
})

test(`bytes that were damaged are decoded as the full decode has them, or refused (seed ${seed})`, () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(cases, fc.array(damage, { maxLength: 12 }), ({ schemaText, wants, values }, damages) => {
      const type = avroTypeOf(schemaText)
      const bytes = type.encode(values[0])
      const damaged = damages.map((changes) => {
        const copy = Uint8Array.from(bytes)
        for (const [at, byte] of changes) copy[at % copy.length] = byte
        return copy
      })
      check(schemaText, wants, damaged)
    }),
    runs(60),
  )
})

test(`bytes at random never throw (seed ${seed})`, () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(fc.constantFrom(0, 1, 2, 3, 127, 128, 255), { maxLength: 30 }).map((list) => Uint8Array.from(list)),
  )
  fc.assert(
    fc.property(cases, fc.array(bytes, { maxLength: 40 }), ({ schemaText, wants }, values) => {
      check(schemaText, wants, values)
    }),
    runs(60),
  )
  assert.deepEqual(Object.keys(Object.prototype), [])
})
