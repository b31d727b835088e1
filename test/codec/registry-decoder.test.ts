import assert from 'node:assert/strict'
import { test } from 'node:test'
import { avroTypeOf } from '../../libs/codec/avro.ts'
import { Columns, type Decoder, type Want } from '../../libs/codec/columns.ts'
import { confluentId } from '../../libs/codec/framing.ts'
import { avroDecoder, registryDecoder, schemasMax } from '../../libs/codec/projection.ts'
import { recordsOf } from '../../libs/core/records.ts'
import { reasonOf } from '../../libs/core/verdict.ts'
import { confluentFramed } from './framed.ts'

const wants: Want[] = [
  { kind: 'number', field: 'a', parse: 'number' },
  { kind: 'text', field: 'b' },
]
const rows = 64

function schemaOf(...fields: readonly (readonly [name: string, type: unknown])[]): string {
  return JSON.stringify({ type: 'record', name: 'R', fields: fields.map(([name, type]) => ({ name, type })) })
}

const first = schemaOf(['a', 'int'], ['b', 'int'])
const second = schemaOf(['z', { type: 'array', items: 'string' }], ['b', 'string'], ['a', ['null', 'double']])
const lacking = schemaOf(['b', 'string'])

const one = (id: number, a: number, b: number): Uint8Array => confluentFramed(id, avroTypeOf(first).encode({ a, b }))
const two = (id: number, a: number | null, b: string): Uint8Array =>
  confluentFramed(id, avroTypeOf(second).encode({ z: ['x', 'y'], b, a }))

/** Decodes all, answering needs from `schemas`; what each row says, and the ids that were asked for. */
function decoded(decoder: Decoder, values: readonly (Uint8Array | null)[], schemas: Record<number, string | 'absent'>) {
  const records = recordsOf(values.map((value) => ({ key: null, value, timestampMs: 0 })))
  const columns = new Columns(wants, rows)
  const asked: number[] = []
  const said: string[] = []
  for (let from = 0; from < values.length; ) {
    const reached = decoder.decode(records, from, values.length, columns)
    for (let row = 0; row < reached - from; row++) {
      const bytes = columns.textScratch[1]?.[row] === 1 ? columns.scratch : records.bytes
      const at = columns.textAt[1]?.[row] ?? 0
      const text = Buffer.from(bytes.subarray(at, at + (columns.textLength[1]?.[row] ?? 0))).toString()
      said.push(reasonOf(columns.faults[row] ?? 0) ?? `${columns.numbers[0]?.[row]} ${text}`)
    }
    from = reached
    if (decoder.need === null) {
      assert.equal(from, values.length)
      continue
    }
    const { id } = decoder.need
    asked.push(id)
    decoder.supply(id, schemas[id] ?? 'absent')
    assert.equal(decoder.need, null)
  }
  return { said, asked }
}

test('every record is decoded by the schema that it names, each schema asked for once', () => {
  const values = [one(1, 5, 6), one(1, 7, 8), two(2, 1.5, 'é'), one(1, 9, 10), two(2, null, ''), two(70_000, 2, 'c')]
  const { said, asked } = decoded(registryDecoder(wants), values, { 1: first, 2: second, 70000: second })
  assert.deepEqual(said, ['5 6', '7 8', '1.5 é', '9 10', 'NaN ', '2 c'])
  assert.deepEqual(asked, [1, 2, 70_000])
})

test('what is not framed is undecodable and asks for nothing', () => {
  const values = [null, Buffer.from([]), Buffer.from([0, 0, 0, 1]), Buffer.from([1, 0, 0, 0, 1, 2]), one(1, 3, 4), null]
  const { said, asked } = decoded(registryDecoder(wants), values, { 1: first })
  assert.deepEqual(said, ['undecodable', 'undecodable', 'undecodable', 'undecodable', '3 4', 'undecodable'])
  assert.deepEqual(asked, [1])
})

test('a schema that is absent, lacks what is wanted or is none at all decides all its records', () => {
  const decoder = registryDecoder(wants)
  const values = [one(9, 1, 1), one(3, 1, 1), one(9, 2, 2), one(4, 1, 1), one(1, 1, 1), one(3, 1, 1)]
  const { said, asked } = decoded(decoder, values, { 1: first, 3: lacking, 4: '{"type":"nonsense"}' })
  assert.deepEqual(said, ['unknown-schema', 'undecodable', 'unknown-schema', 'undecodable', '1 1', 'undecodable'])
  assert.deepEqual(asked, [9, 3, 4, 1])
  assert.deepEqual([decoder.refusal(3), decoder.refusal(1)], ['a: the schema has no field a', null])
  assert.match(decoder.refusal(4) ?? '', /nonsense/)
})

test('the longest unused schema is forgotten and asked for again', () => {
  const decoder = registryDecoder(wants)
  for (let id = 1; id <= schemasMax; id++) decoder.supply(id, id <= 2 ? first : 'absent')
  assert.deepEqual(decoded(decoder, [one(1, 1, 1)], {}).asked, [])
  decoder.supply(schemasMax + 1, 'absent')
  assert.deepEqual(decoded(decoder, [one(1, 1, 1), one(2, 1, 1)], { 2: first }).asked, [2])
})

test('with a fixed schema the id in the frame is not looked at, the frame is', () => {
  const decoder = avroDecoder({ schemaText: first, framing: 'confluent' }, wants)
  const bare = avroTypeOf(first).encode({ a: 1, b: 2 })
  const { said } = decoded(decoder, [one(1, 5, 6), one(99, 7, 8), bare, null, Buffer.from([1, 0, 0, 0, 1, 2, 2])], {})
  assert.deepEqual(said, ['5 6', '7 8', 'undecodable', 'undecodable', 'undecodable'])
})

test('ids are read and written big-endian, to 32 bits', () => {
  for (const id of [0, 1, 256, 2 ** 31, 2 ** 32 - 1])
    assert.equal(confluentId(confluentFramed(id, Buffer.from([7]))), id)
  assert.equal(confluentId(Buffer.from([0, 0, 0, 0])), -1)
  assert.equal(confluentId(Buffer.from([1, 0, 0, 0, 0])), -1)
})
