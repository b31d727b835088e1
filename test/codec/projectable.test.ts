import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Want } from '../../libs/codec/columns.ts'
import { projectable } from '../../libs/codec/projectable.ts'
import { avroDecoder } from '../../libs/codec/projection.ts'
import { Failure } from '../../libs/core/failure.ts'

const schemaText = JSON.stringify({
  type: 'record',
  name: 'Payment',
  fields: [
    { name: 'amount', type: ['null', 'double'] },
    { name: 'time', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'at', type: 'string' },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
    { name: 'blob', type: 'bytes' },
    { name: 'tags', type: { type: 'array', items: 'string' } },
    { name: 'channel', type: { type: 'enum', name: 'Channel', symbols: ['chip'] } },
    { name: 'mixed', type: ['null', 'int', 'string'] },
    { name: 'card', type: ['null', { type: 'record', name: 'Card', fields: [{ name: 'issuer', type: 'string' }] }] },
  ],
})

const number = (field: string): Want => ({ kind: 'number', field, parse: 'number' })
const iso = (field: string): Want => ({ kind: 'number', field, parse: 'iso' })
const text = (field: string): Want => ({ kind: 'text', field })
const oneOf = (field: string): Want => ({ kind: 'category', field, values: ['a'] })

test('what can be given has no problem', () => {
  const good = [
    number('amount'),
    number('time'),
    number('price'),
    iso('at'),
    text('blob'),
    text('amount'),
    oneOf('channel'),
  ]
  assert.deepEqual(
    projectable(schemaText, [...good, oneOf('mixed'), text('mixed'), text('card.issuer'), oneOf('time')]),
    [],
  )
})

test('every problem is listed, with the near name', () => {
  const bad = [number('amuont'), text('card.isuer'), number('channel'), iso('time'), number('at'), oneOf('amount')]
  bad.push(number('mixed'), number('blob'), text('tags'), text('card'), text('at.x'), text('nothing.like.it'))
  assert.deepEqual(
    projectable(schemaText, bad).map(({ field, message }) => `${field}: ${message}`),
    [
      'amuont: the schema has no field amuont; did you mean amount?',
      'card.isuer: card has no field isuer; did you mean card.issuer?',
      'channel: is the enum Channel, but a number is needed',
      'time: is a long, but a string that holds an ISO 8601 time is needed',
      'at: is a string, but a number is needed',
      'amount: is a double, but a string, an enum, a boolean or an integer is needed',
      'mixed: is a string, but a number is needed',
      'blob: is bytes, but a number is needed',
      'tags: is an array, but a string, bytes, an enum, a boolean or a number is needed',
      'card: is the record Card, but a string, bytes, an enum, a boolean or a number is needed',
      'at.x: at is a string, which has no fields',
      'nothing.like.it: the schema has no field nothing',
    ],
  )
})

test('a schema that is no record gives nothing, and a decoder of it is refused with all that is wrong', () => {
  assert.equal(projectable('"string"', [text('a')])[0]?.message, 'the schema describes a string, not a record')
  assert.throws(
    () => avroDecoder({ schemaText, framing: 'bare' }, [text('x'), number('at')]),
    (thrown: unknown) =>
      thrown instanceof Failure &&
      thrown.code === 'schema-invalid' &&
      thrown.message === 'x: the schema has no field x\nat: is a string, but a number is needed',
  )
})
