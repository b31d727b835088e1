// Bytes that abort, hang or exhaust a process through a reader that trusts them. Each is given to the whole decode and to a
// projection that steps over it; both must refuse it, at once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { avroType, avroTypeOf } from '../../libs/codec/avro.ts'
import { itemsMax, nodesMax } from '../../libs/codec/avro-guard.ts'
import type { Want } from '../../libs/codec/columns.ts'
import { avroDecoder } from '../../libs/codec/projection.ts'
import { nestingMax } from '../../libs/codec/projection-code.ts'
import { writtenLong } from '../../libs/codec/varint.ts'
import { projected } from './projection-oracle.ts'

const last: Want = { kind: 'number', field: 'last', parse: 'number' }

function around(type: unknown): string {
  return JSON.stringify({
    type: 'record',
    name: 'Outer',
    fields: [
      { name: 'inner', type },
      { name: 'last', type: 'int' },
    ],
  })
}

/** Whole decode, decode by a reader that skips, projection: what each of them says. */
function readings(schemaText: string, bytes: Uint8Array): string[] {
  const skipping = avroType({ type: 'record', name: 'Outer', fields: [{ name: 'last', type: 'int' }] }).from(schemaText)
  const row = projected(avroDecoder({ schemaText, framing: 'bare' }, [last]), [last], [bytes])[0]
  return [avroTypeOf(schemaText).decode(bytes).kind, skipping(bytes).kind, typeof row === 'string' ? row : 'value']
}

const doubles = { type: 'array', items: 'double' }
const killers: readonly [name: string, type: unknown, hex: string][] = [
  ['a count of a thousand million doubles', doubles, '80a8d6b907000000000000000002'],
  ['a map of a thousand million entries', { type: 'map', values: 'int' }, '80a8d6b907000000000000000002'],
  ['a second block that counts two thousand million', { type: 'array', items: 'boolean' }, '020180d0acf30e0002'],
  ['a block that states a size below nothing', doubles, '010308'],
  ['a map block that states a size below nothing', { type: 'map', values: 'int' }, '010308'],
  ['a block that states a size beyond the record', { type: 'array', items: 'int' }, '017e020004'],
  ['a count of the least 64-bit integer', { type: 'array', items: 'int' }, 'ffffffffffffffffff010004'],
  ['a string of a negative length', 'string', '0102'],
  ['bytes of a length beyond 2^53', 'bytes', 'feffffffffffffffff0102'],
  ['a branch that does not exist', ['null', 'int'], '0402'],
  ['a branch below nothing', ['null', 'int'], '0102'],
]

for (const [name, type, hex] of killers) {
  test(`${name} is refused`, () => {
    const bytes = Buffer.from(hex, 'hex')
    assert.deepEqual(readings(around(type), bytes), ['undecodable', 'undecodable', 'undecodable'])
  })
}

test('a varint that never ends is refused', () => {
  const schemaText = around('long')
  const endless = Buffer.alloc(100_000, 0x80)
  const row = projected(avroDecoder({ schemaText, framing: 'bare' }, [last]), [last], [endless])
  assert.deepEqual(row, ['undecodable'])
  assert.equal(avroTypeOf(schemaText).decode(endless).kind, 'undecodable')
})

test('the budget of items is one for a record, not one for an array', () => {
  const schemaText = around({ type: 'array', items: { type: 'array', items: 'boolean' } })
  const type = avroTypeOf(schemaText)
  const nested = (arrays: number, items: number): Uint8Array =>
    type.encode({ inner: Array.from({ length: arrays }, () => Array(items).fill(true)), last: 1 })
  assert.deepEqual(readings(schemaText, nested(256, 255)), ['value', 'value', 'value'])
  assert.deepEqual(readings(schemaText, nested(257, 255)), ['undecodable', 'undecodable', 'undecodable'])
  assert.equal(256 + 256 * 255, itemsMax)
})

test('items of a byte and many fields of nothing have a budget of their own', () => {
  const nothings = Array.from({ length: 900 }, (_, i) => ({ name: `n${i}`, type: 'null' }))
  const item = { type: 'record', name: 'Item', fields: [{ name: 'flag', type: 'boolean' }, ...nothings] }
  const itemsMost = Math.floor(nodesMax / 902)
  for (const [type, union] of [
    [item, ''],
    [['null', item], '02'],
  ] as const) {
    const schemaText = around({ type: 'array', items: type })
    const value = (items: number): Uint8Array =>
      Buffer.concat([writtenLong(items), Buffer.from(`${union}01`.repeat(items), 'hex'), Buffer.from([0, 2])])
    assert.deepEqual(readings(schemaText, value(itemsMost)), ['value', 'value', 'value'])
    assert.deepEqual(readings(schemaText, value(60_000)), ['undecodable', 'value', 'value'])
  }
})

test('the budget is renewed for every record', () => {
  const schemaText = around({ type: 'array', items: 'boolean' })
  const value = avroTypeOf(schemaText).encode({ inner: Array(itemsMax).fill(true), last: 7 })
  const wants = [last]
  assert.deepEqual(projected(avroDecoder({ schemaText, framing: 'bare' }, wants), wants, [value, value, value]), [
    [7],
    [7],
    [7],
  ])
})

test('a value nested without end is refused, not overflowed', () => {
  const schemaText = around({
    type: 'record',
    name: 'List',
    fields: [
      { name: 'value', type: 'int' },
      { name: 'next', type: ['null', 'List'] },
    ],
  })
  const list = (length: number): Uint8Array =>
    Buffer.concat([...Array.from({ length }, () => Buffer.from([0, 2])), Buffer.from([0, 0, 14])])
  const row = (length: number): unknown =>
    projected(avroDecoder({ schemaText, framing: 'bare' }, [last]), [last], [list(length)])[0]
  assert.deepEqual(row(nestingMax), [7])
  assert.equal(row(nestingMax + 1), 'undecodable')
  assert.equal(row(1_000_000), 'undecodable')
  assert.equal(avroTypeOf(schemaText).decode(list(1_000_000)).kind, 'undecodable')
})

test('a key named __proto__ stays a key', () => {
  const schemaText = around({ type: 'map', values: 'int' })
  const bytes = Buffer.concat([Buffer.from([2, 18]), Buffer.from('__proto__'), Buffer.from([2, 0, 2])])
  const decoded = avroTypeOf(schemaText).decode(bytes)
  assert.equal(decoded.kind, 'value')
  assert.equal(JSON.stringify(decoded), '{"kind":"value","value":{"inner":{"__proto__":1},"last":1}}')
  assert.equal(Object.getPrototypeOf(Object(decoded.value)), Object.prototype)
  assert.deepEqual(Object.keys(Object.prototype), [])
})

test('names of a schema never become program', () => {
  const names = ['a', 'constructor', '__proto__', 'toString', 'at', 'end', 'return']
  const schemaText = JSON.stringify({ type: 'record', name: 'R', fields: names.map((name) => ({ name, type: 'int' })) })
  const wants: Want[] = names.map((field) => ({ kind: 'number', field, parse: 'number' }))
  const bytes = Buffer.from([2, 4, 6, 8, 10, 12, 14])
  assert.deepEqual(projected(avroDecoder({ schemaText, framing: 'bare' }, wants), wants, [bytes]), [
    [1, 2, 3, 4, 5, 6, 7],
  ])
})

test('longs at the edge of what a double holds', () => {
  const schemaText = around('long')
  const wants: Want[] = [
    { kind: 'number', field: 'inner', parse: 'number' },
    { kind: 'text', field: 'inner' },
  ]
  const text: Want[] = [{ kind: 'text', field: 'inner' }]
  const rows = (of: Want[], hex: string): unknown =>
    projected(avroDecoder({ schemaText, framing: 'bare' }, of), of, [Buffer.from(`${hex}00`, 'hex')])[0]
  const cases: readonly [hex: string, integer: bigint][] = [
    ['feffffffffffff1f', 2n ** 53n - 1n],
    ['fdffffffffffff1f', -(2n ** 53n - 1n)],
    ['8080808080808020', 2n ** 53n],
    ['ffffffffffffff1f', -(2n ** 53n)],
    ['feffffffffffffffff01', 2n ** 63n - 1n],
    ['ffffffffffffffffff01', -(2n ** 63n)],
    ['8180808080808010', -(2n ** 52n) - 1n],
  ]
  for (const [hex, integer] of cases) {
    const safe = integer < 2n ** 53n && integer > -(2n ** 53n)
    assert.deepEqual(rows(wants, hex), safe ? [Number(integer), String(integer)] : 'imprecise', hex)
    assert.deepEqual(rows(text, hex), [String(integer)], hex)
    const whole = avroTypeOf(schemaText).decode(Buffer.from(`${hex}00`, 'hex'))
    assert.deepEqual(whole.kind === 'value' ? whole.value : null, safe ? { inner: Number(integer), last: 0 } : null)
  }
  assert.equal(rows(text, 'ffffffffffffffffff02'), 'undecodable')
  assert.equal(rows(text, 'ffffffffffffffffffff01'), 'undecodable')
})

test('a record of many fields is walked in parts, with the same outcome', () => {
  const types = ['int', ['null', 'double'], 'string', 'double', ['null', 'string'], { type: 'array', items: 'int' }]
  const fields = Array.from({ length: 900 }, (_, i) => ({ name: `f${i}`, type: types[i % 6] }))
  const schemaText = JSON.stringify({ type: 'record', name: 'Wide', fields })
  const values = [3, null, 'x', 1.5, 'yy', [1, 2]]
  const bytes = avroTypeOf(schemaText).encode(Object.fromEntries(fields.map(({ name }, i) => [name, values[i % 6]])))
  const wants: Want[] = [0, 306, 450, 894].map((i) => ({ kind: 'number', field: `f${i}`, parse: 'number' }))
  const rows = projected(avroDecoder({ schemaText, framing: 'bare' }, wants), wants, [bytes, bytes.subarray(1), bytes])
  assert.deepEqual(rows, [[3, 3, 3, 3], 'undecodable', [3, 3, 3, 3]])
})
