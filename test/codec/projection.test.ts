import assert from 'node:assert/strict'
import { test } from 'node:test'
import { avroTypeOf } from '../../libs/codec/avro.ts'
import { Columns, type Want } from '../../libs/codec/columns.ts'
import { avroDecoder } from '../../libs/codec/projection.ts'
import { recordsOf } from '../../libs/core/records.ts'

test('wanted fields of a record arrive in columns', () => {
  const schemaText = JSON.stringify({
    type: 'record',
    name: 'Payment',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'amount', type: ['null', 'double'] },
      { name: 'time', type: 'long' },
      { name: 'tags', type: { type: 'array', items: 'string' } },
      { name: 'channel', type: { type: 'enum', name: 'Channel', symbols: ['chip', 'online'] } },
      { name: 'card', type: { type: 'record', name: 'Card', fields: [{ name: 'number', type: 'long' }] } },
    ],
  })
  const wants: Want[] = [
    { kind: 'text', field: 'id' },
    { kind: 'number', field: 'amount', parse: 'number' },
    { kind: 'number', field: 'time', parse: 'number' },
    { kind: 'category', field: 'channel', values: ['online', 'chip'] },
    { kind: 'number', field: 'card.number', parse: 'number' },
  ]
  const type = avroTypeOf(schemaText)
  const values = [
    {
      id: 'a',
      amount: { double: 12.5 },
      time: 1_700_000_000_123,
      tags: ['x', 'y'],
      channel: 'chip',
      card: { number: -1 },
    },
    { id: 'bé', amount: null, time: -5, tags: [], channel: 'online', card: { number: 2 ** 40 } },
  ].map((v) => ({ ...v, amount: v.amount === null ? null : v.amount.double }))
  const records = recordsOf(values.map((value) => ({ key: null, value: type.encode(value), timestampMs: 0 })))
  const columns = new Columns(wants, 8)
  assert.equal(avroDecoder({ schemaText, framing: 'bare' }, wants).decode(records, 0, 2, columns), 2)
  assert.deepEqual([...columns.faults.subarray(0, 2)], [0, 0])
  assert.deepEqual([...(columns.numbers[1] ?? [])].slice(0, 2), [12.5, Number.NaN])
  assert.deepEqual([...(columns.numbers[2] ?? [])].slice(0, 2), [1_700_000_000_123, -5])
  assert.deepEqual([...(columns.codes[3] ?? [])].slice(0, 2), [1, 0])
  assert.deepEqual([...(columns.numbers[4] ?? [])].slice(0, 2), [-1, 2 ** 40])
  const at = columns.textAt[0]?.[1] ?? 0
  assert.equal(new TextDecoder().decode(records.bytes.subarray(at, at + (columns.textLength[0]?.[1] ?? 0))), 'bé')
})
