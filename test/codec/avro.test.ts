import assert from 'node:assert/strict'
import { test } from 'node:test'
import { avroType, avroTypeOf, decode, encode } from '../../libs/codec/avro.ts'
import type { Infer } from '../../libs/codec/infer.ts'
import { Failure } from '../../libs/core/failure.ts'

const schema = {
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'sensor', type: 'string' },
    { name: 'state', type: { type: 'enum', name: 'State', symbols: ['on', 'off'] } },
    { name: 'value', type: ['null', 'double'], default: null },
    { name: 'time', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'raw', type: 'bytes' },
    { name: 'tags', type: { type: 'array', items: 'string' } },
    { name: 'counts', type: { type: 'map', values: 'int' } },
    { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 2 } },
    { name: 'inner', type: { type: 'record', name: 'Inner', fields: [{ name: 'flag', type: 'boolean' }] } },
  ],
} as const

const reading: Infer<typeof schema> = {
  sensor: 'a',
  state: 'on',
  value: null,
  time: Number.MIN_SAFE_INTEGER,
  raw: Uint8Array.of(1, 2),
  tags: ['x', 'y'],
  counts: { n: 3 },
  hash: Uint8Array.of(3, 4),
  inner: { flag: true },
}

// @ts-expect-error a symbol that the enum does not have
const wrong: Infer<typeof schema>['state'] = 'broken'

test('values come back as plain objects that alias nothing', () => {
  const type = avroType(schema)
  const bytes = encode(type, reading)
  const decoded = decode(type, bytes)
  bytes.fill(255)
  assert.deepEqual(decoded, { kind: 'value', value: reading })
  assert.deepEqual(type.decode(encode(type, { ...reading, value: 1.5 })), {
    kind: 'value',
    value: { ...reading, value: 1.5 },
  })
})

test('a value outside the schema is our own mistake and throws', () => {
  assert.throws(() => encode(avroTypeOf(JSON.stringify(schema)), { ...reading, state: wrong }))
})

test('bytes that do not follow the schema are undecodable, with a reason', () => {
  const type = avroType(schema)
  const bytes = encode(type, reading)
  for (let length = 0; length < bytes.length; length++) {
    const decoded = type.decode(bytes.subarray(0, length))
    assert.equal(decoded.kind, 'undecodable')
    assert.notEqual(decoded.kind === 'undecodable' ? decoded.reason : '', '')
  }
  assert.equal(type.decode(Buffer.concat([bytes, Buffer.from([0])])).kind, 'undecodable')
})

test('a later schema reads what an earlier one wrote', () => {
  const earlier = avroType({
    type: 'record',
    name: 'R',
    fields: [
      { name: 'a', type: 'int' },
      { name: 'gone', type: 'string' },
    ],
  })
  const later = {
    type: 'record',
    name: 'R',
    fields: [
      { name: 'b', type: 'string', default: 'none' },
      { name: 'a', type: 'long' },
    ],
  } as const
  const read = avroType(later).from(earlier.text)
  assert.deepEqual(read(earlier.encode({ a: 7, gone: 'x' })), { kind: 'value', value: { b: 'none', a: 7 } })
  const unlike = avroType({ type: 'record', name: 'R', fields: [{ name: 'a', type: 'string' }] })
  assert.throws(
    () => unlike.from(earlier.text),
    (thrown: unknown) => thrown instanceof Failure && thrown.code === 'schema-invalid',
  )
})

test('two numbers in one union are told apart by name', () => {
  const type = avroTypeOf(
    JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'n', type: ['int', 'double'] }] }),
  )
  assert.deepEqual(type.decode(Uint8Array.of(0, 4)), { kind: 'value', value: { n: { int: 2 } } })
})
