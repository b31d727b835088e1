import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rejectMessage, rejectOf } from '../../libs/alert/rejects.ts'
import type { Header, Message } from '../../libs/core/message.ts'
import { type PlainRecord, type Records, recordsOf } from '../../libs/core/records.ts'
import { rejectReasons } from '../../libs/core/verdict.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function reject(record: PlainRecord, reason: (typeof rejectReasons)[number], offset = 17): Message {
  return rejectMessage({
    topic: 'plumbline.rejects',
    stream: 'cards',
    inputTopic: 'transactions',
    partition: 3,
    records: recordsOf([record], offset),
    index: 0,
    reason,
    version: 'abc',
    schemaId: 258,
  })
}

/** The message as its reader meets it. */
function published({ key, value, headers, timestampMs }: Message): Records {
  return recordsOf([{ key, value, headers, timestampMs }])
}

const plain = (each: Uint8Array | null): number[] | null => (each === null ? null : [...each])
const plainHeaders = (headers: readonly Header[]) => headers.map(([name, value]) => [name, plain(value)])

test('a reject carries the headers that other tools show', () => {
  const { headers } = reject({ key: bytes('k'), value: bytes('{'), timestampMs: 1_700_000_000_000 }, 'undecodable')
  const texts = Object.fromEntries(headers.map(([name, value]) => [name, new TextDecoder().decode(value ?? bytes(''))]))
  const { ce_id: id, ...rest } = texts
  assert.match(id ?? '', /^[0-9a-f]{32}$/)
  assert.deepEqual(rest, {
    '__connect.errors.topic': 'transactions',
    '__connect.errors.partition': '3',
    '__connect.errors.offset': '17',
    '__connect.errors.connector.name': 'plumbline/cards',
    '__connect.errors.task.id': '3',
    '__connect.errors.stage': 'decode',
    '__connect.errors.class.name': 'plumbline',
    '__connect.errors.exception.class.name': 'undecodable',
    '__connect.errors.exception.message': 'the bytes do not follow the schema or are not JSON of the expected shape',
    ce_specversion: '1.0',
    ce_type: 'plumbline.reject',
    ce_source: '/plumbline/cards',
    ce_time: '2023-11-14T22:13:20.000Z',
    'plumbline-detector': 'abc',
    'plumbline-schema-id': '258',
  })
})

test('key, value and headers come back untouched, also of a record that was rejected before', () => {
  const some = fc.option(fc.uint8Array({ maxLength: 20 }), { nil: null })
  const header = fc.tuple(fc.constantFrom('a', 'trace', '__connect.errors.topic', 'ce_id'), some)
  const record = fc.record({
    key: some,
    value: some,
    timestampMs: fc.nat(),
    headers: fc.array(header, { maxLength: 4 }),
  })
  fc.assert(
    fc.property(record, fc.constantFrom(...rejectReasons), fc.nat(), (given, reason, offset) => {
      const again = rejectOf(published(reject(given, reason, offset)), 0)
      assert.ok(again)
      assert.deepEqual(plain(again.key), plain(given.key))
      assert.deepEqual(plain(again.value), plain(given.value))
      assert.deepEqual(plainHeaders(again.headers), plainHeaders(given.headers))
      const { stream, topic, partition, version, schemaId } = again
      assert.deepEqual(
        {
          stream,
          topic,
          partition,
          version,
          schemaId,
          offset: again.offset,
          reason: again.reason,
          time: again.timestampMs,
        },
        {
          stream: 'cards',
          topic: 'transactions',
          partition: 3,
          version: 'abc',
          schemaId: 258,
          offset,
          reason,
          time: given.timestampMs,
        },
      )
    }),
  )
})

test('no header holds what the record holds', () => {
  const { headers } = reject({ key: bytes('S3CR3T-key'), value: bytes('S3CR3T-value'), timestampMs: 0 }, 'wrong-key')
  for (const [, value] of headers) assert.doesNotMatch(new TextDecoder().decode(value ?? bytes('')), /S3CR3T/)
})

test('a message that is no reject of ours is none', () => {
  const good = reject({ key: null, value: null, timestampMs: 0 }, 'missing')
  assert.ok(rejectOf(published(good), 0))
  assert.equal(rejectOf(published({ ...good, headers: [] }), 0), null)
  for (const [header, other] of [
    ['__connect.errors.connector.name', 'sink-9'],
    ['__connect.errors.exception.class.name', 'java.lang.Error'],
    ['ce_type', 'other'],
  ] as const) {
    const headers = good.headers.map(([name, value]): Header => [name, name === header ? bytes(other) : value])
    assert.equal(rejectOf(published({ ...good, headers }), 0), null, header)
  }
})
