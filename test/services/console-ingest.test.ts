import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { avroTypeOf } from '../../libs/codec/avro.ts'
import { recordsOf } from '../../libs/core/records.ts'
import { NORMAL } from '../../libs/core/verdict.ts'
import { decoderOf } from '../../libs/stream/decoder.ts'
import { fold } from '../../libs/stream/fold.ts'
import type { Spec } from '../../libs/stream/spec.ts'
import { stream } from '../../libs/stream/stream-compile.ts'
import { type IngestRequest, ingest, RECORDS_MAX } from '../../services/console/ingest.ts'
import { cards } from '../alert/anomalies.ts'

const schema = JSON.stringify({
  type: 'record',
  name: 'Transaction',
  fields: [
    { name: 'customer', type: 'string' },
    { name: 'at', type: 'long' },
    { name: 'amount', type: ['null', 'double'], default: null },
  ],
})
const type = avroTypeOf(schema)
const jsonSource: Spec['source'] = { ...cards.spec.source, recordBytesMax: 1000 }
const avroSource: Spec['source'] = {
  ...jsonSource,
  format: 'avro',
  schema: { kind: 'text', text: schema, framing: 'bare' },
}
const text = new TextDecoder()
const bytes = (of: string): Uint8Array => new TextEncoder().encode(of)

function taken(change: Partial<IngestRequest>): [key: string, value: Uint8Array][] {
  const base = { source: jsonSource, contentType: 'application/x-ndjson', key: null, nowMs: 7 }
  const ingested = ingest({ ...base, body: bytes(''), ...change })
  assert.ok(ingested.kind === 'messages', JSON.stringify(ingested))
  return ingested.messages.map(({ key, value }) => [
    text.decode(key ?? new Uint8Array(0)),
    Uint8Array.from(value ?? new Uint8Array(0)),
  ])
}

function refusedMessage(change: Partial<IngestRequest>): string {
  const base = { source: jsonSource, contentType: 'application/x-ndjson', key: null, nowMs: 7 }
  const ingested = ingest({ ...base, body: bytes(''), ...change })
  return ingested.kind === 'refused' ? `${ingested.status} ${ingested.code}: ${ingested.message}` : 'taken'
}

/** An object container file. */
function container(schemaText: string, values: readonly Uint8Array[], codec: 'null' | 'deflate' = 'null'): Uint8Array {
  const long = avroTypeOf('"long"')
  const header = avroTypeOf('{"type":"map","values":"bytes"}')
  const meta = { 'avro.schema': bytes(schemaText), 'avro.codec': bytes(codec) }
  const sync = new Uint8Array(16).fill(9)
  const plain = Buffer.concat(values)
  const block = codec === 'null' ? plain : deflateRawSync(plain)
  const parts = [bytes('Obj\x01'), header.encode(meta), sync, long.encode(values.length), long.encode(block.length)]
  return Buffer.concat([...parts, block, sync])
}

describe('ingest of JSON lines', () => {
  test('a line stays the bytes it was; blank lines and line ends are no part of it', () => {
    const lines = ['{"customer": "c1",  "at":1.50}', '{"at":2,"customer":"ü\\n"}', '{"customer":12,"at":3}']
    const body = bytes(`${lines[0]}\r\n\n${lines[1]}\n\r\n${lines[2]}`)
    assert.deepEqual(
      taken({ body }).map(([key, value]) => [key, text.decode(value)]),
      [
        ['c1', lines[0]],
        ['ü\n', lines[1]],
        ['12', lines[2]],
      ],
    )
  })

  test('what is taken in is not rejected for its key, whatever the key', () => {
    const anyKey = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.integer(),
      fc.double({ noDefaultInfinity: true, noNaN: true }),
    )
    fc.assert(
      fc.property(anyKey, fc.constantFrom('utf8' as const, 'avro' as const, 'ignore' as const), (key, format) => {
        const source = { ...jsonSource, key: { field: 'customer', format } }
        const understood = stream({ ...cards.spec, source })
        const body = bytes(JSON.stringify({ customer: key, at: 1, amount: 2, channel: 'chip' }))
        const ingested = ingest({ source, contentType: 'application/x-ndjson', body, key: null, nowMs: 7 })
        assert.ok(ingested.kind === 'messages', JSON.stringify(ingested))
        const state = fold(understood, decoderOf(understood))
        state.fold(recordsOf(ingested.messages), 0, 1, null)
        assert.equal(state.outcomes[0], NORMAL)
      }),
    )
  })

  test('a refusal names the record', () => {
    const good = '{"customer":"c","at":1}\n'
    assert.match(refusedMessage({ body: bytes(`${good}[1]`) }), /^400 record-invalid: record 2 .* undecodable/)
    assert.match(refusedMessage({ body: bytes(`${good}${good}{"at":1}`) }), /record 3 of transactions has no customer/)
    assert.match(refusedMessage({ body: bytes('{"customer":null}') }), /record 1 of transactions has no customer/)
    assert.match(refusedMessage({ body: bytes('{"customer":{}}') }), /record 1/)
    assert.match(refusedMessage({ body: Uint8Array.of(0xff, 0xfe) }), /record 1/)
    assert.match(refusedMessage({ body: bytes('{}\n'.repeat(RECORDS_MAX + 1)) }), /^413 records-too-many/)
    assert.match(
      refusedMessage({ body: bytes(`{"customer":"${'x'.repeat(1000)}"}`) }),
      /^413 record-too-large: record 1/,
    )
    assert.match(refusedMessage({ body: bytes(good), contentType: 'application/avro' }), /^415 .*are JSON/)
    assert.match(refusedMessage({ body: bytes(good), contentType: 'text/plain' }), /^415/)
  })

  test('for an Avro topic, lines are encoded with its schema', () => {
    const lines = '{"customer":"c1","at":5,"amount":2.5}\n{"customer":"c2","at":6}'
    const messages = taken({
      source: avroSource,
      body: bytes(lines),
      contentType: 'application/x-ndjson; charset=utf-8',
    })
    assert.deepEqual(
      messages.map(([key, value]) => [key, type.decode(value)]),
      [
        ['c1', { kind: 'value', value: { customer: 'c1', at: 5, amount: 2.5 } }],
        ['c2', { kind: 'value', value: { customer: 'c2', at: 6, amount: null } }],
      ],
    )
    const refused = refusedMessage({
      source: avroSource,
      body: bytes('{"customer":"c1","at":5}\n{"customer":"c1","at":"x"}'),
    })
    assert.match(refused, /^400 record-invalid: record 2 does not follow the schema of transactions: .*"x"/)
  })

  test('a topic whose records name a schema in a registry is refused', () => {
    const registry = { ...avroSource, schema: { kind: 'registry' as const, url: 'http://r' } }
    assert.match(refusedMessage({ source: registry, body: bytes('{}') }), /^415 .*registry/)
    const framed = { ...avroSource, schema: { kind: 'text' as const, text: schema, framing: 'confluent' as const } }
    assert.match(refusedMessage({ source: framed, body: bytes('{}') }), /^415 .*registry/)
  })
})

describe('ingest of an Avro container', () => {
  const avro = { source: avroSource, contentType: 'application/avro' }
  const records = [
    { customer: 'c1', at: 1, amount: 2 },
    { customer: 'c2', at: 2, amount: null },
  ]
  const values = records.map((each) => type.encode(each))

  test('values of the topic’s schema pass as they are', () => {
    for (const codec of ['null', 'deflate'] as const) {
      const messages = taken({ ...avro, body: container(JSON.stringify(JSON.parse(schema), null, 2), values, codec) })
      assert.deepEqual(
        messages,
        values.map((value, i) => [records[i]?.customer, Uint8Array.from(value)]),
      )
    }
  })

  test('values of another schema are resolved to the topic’s', () => {
    const older = JSON.stringify({
      type: 'record',
      name: 'Transaction',
      fields: [
        { name: 'at', type: 'int' },
        { name: 'customer', type: 'string' },
        { name: 'gone', type: 'string' },
      ],
    })
    const value = avroTypeOf(older).encode({ at: 3, customer: 'c3', gone: 'x' })
    const [[key, written] = ['', new Uint8Array(0)]] = taken({ ...avro, body: container(older, [value]) })
    assert.equal(key, 'c3')
    assert.deepEqual(type.decode(written), { kind: 'value', value: { customer: 'c3', at: 3, amount: null } })
  })

  test('what is no whole container of a fitting schema is refused', () => {
    const whole = container(schema, values)
    assert.match(
      refusedMessage({ ...avro, body: bytes('nonsense') }),
      /^400 record-invalid: the file is no Avro container/,
    )
    assert.match(refusedMessage({ ...avro, body: whole.subarray(0, whole.length - 3) }), /^400 record-invalid/)
    const other = '{"type":"record","name":"Other","fields":[{"name":"x","type":"int"}]}'
    assert.match(
      refusedMessage({ ...avro, body: container(other, [Uint8Array.of(2)]) }),
      /^400 record-invalid: schemas do not/,
    )
    assert.match(refusedMessage({ ...avro, body: container(schema, []) }), /^400 nothing-sent/)
  })

  test('cut or changed anywhere, it is refused or taken, and never throws', () => {
    const whole = container(schema, values)
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
        const body = cut ? whole.subarray(0, at) : Uint8Array.from(whole)
        if (!cut) body[at] = byte
        const ingested = ingest({ ...avro, body, key: null, nowMs: 7 })
        assert.ok(ingested.kind === 'refused' || ingested.messages.length > 0)
      }),
    )
  })
})
