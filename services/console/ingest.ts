// Ingest: from the body of a request to the messages of a topic, or to the reason why not. Pure. All or nothing: one bad
// record refuses the request, and says which and why.
// Values are published as they were sent wherever that is possible: a line of JSON stays the bytes it was.
// Invariants
//   I1 a message's key is the text of the stream's key field, by the very decoder that judges the record later, so that
//      what is taken in here is never rejected for its key there.
//   I2 no message is larger than the stream takes.

import { avroTypeOf } from '../../libs/codec/avro.ts'
import { Columns } from '../../libs/codec/columns.ts'
import { readContainer } from '../../libs/codec/container.ts'
import { jsonDecoder } from '../../libs/codec/json.ts'
import { avroDecoder } from '../../libs/codec/projection.ts'
import { Failure } from '../../libs/core/failure.ts'
import type { Message } from '../../libs/core/message.ts'
import { recordsOf } from '../../libs/core/records.ts'
import { reasonOf } from '../../libs/core/verdict.ts'
import type { Spec } from '../../libs/stream/spec.ts'
import { type Refusal, refusal } from './refusal.ts'

export const RECORDS_MAX = 100_000

export interface IngestRequest {
  readonly source: Spec['source']
  readonly contentType: string
  readonly body: Uint8Array
  /** Key of all records, where the sender states one; null takes it from the key field. */
  readonly key: string | null
  readonly nowMs: number
}

export interface Ingested {
  readonly kind: 'messages'
  readonly messages: readonly Message[]
}

export function ingest(request: IngestRequest): Ingested | Refusal {
  const values = valuesOf(request)
  if ('kind' in values) return values
  if (values.length === 0) return refusal(400, 'nothing-sent', 'the body holds no record')
  if (values.length > RECORDS_MAX) {
    return refusal(413, 'records-too-many', `${values.length} records; send at most ${RECORDS_MAX} at a time`)
  }
  const { recordBytesMax, topic } = request.source
  const tooLarge = values.findIndex((value) => value.length > recordBytesMax)
  if (tooLarge >= 0) {
    return refusal(
      413,
      'record-too-large',
      `record ${tooLarge + 1} is larger than the ${recordBytesMax} bytes of this stream`,
    )
  }
  const keys = request.key === null ? keysOf(request.source, values) : values.map(() => request.key ?? '')
  if ('kind' in keys) return keys
  const keyBytes = request.source.key.format === 'avro' ? avroString.encode : utf8
  const messages = values.map((value, i): Message => {
    const key = keyBytes(keys[i] ?? '')
    return { topic, partition: null, key, value, headers: [], timestampMs: request.nowMs }
  })
  return { kind: 'messages', messages }
}

const avroString = avroTypeOf('"string"')

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function valuesOf({ source, contentType, body }: IngestRequest): readonly Uint8Array[] | Refusal {
  switch (contentType.split(';')[0]?.trim().toLowerCase()) {
    case 'application/x-ndjson': {
      const sent = lines(body)
      return source.format === 'json' ? sent : encoded(source, sent)
    }
    case 'application/avro':
      return source.format === 'avro' ? contained(source, body) : notAvro(source)
    default:
      return refusal(
        415,
        'content-type-refused',
        'send application/x-ndjson (a record a line) or application/avro (an object container file)',
      )
  }
}

/** The lines that hold something, without their ends. */
function lines(body: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = []
  for (let at = 0; at < body.length; ) {
    const feed = body.indexOf(0x0a, at)
    const next = feed < 0 ? body.length : feed
    const end = next > at && body[next - 1] === 0x0d ? next - 1 : next
    if (end > at) found.push(body.subarray(at, end))
    at = next + 1
  }
  return found
}

function encoded(source: Spec['source'], sent: readonly Uint8Array[]): readonly Uint8Array[] | Refusal {
  if (source.schema.kind !== 'text' || source.schema.framing !== 'bare') return noSchemaId(source)
  const type = avroTypeOf(source.schema.text)
  const values: Uint8Array[] = []
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (const [i, line] of sent.entries()) {
    try {
      values.push(type.encode(JSON.parse(decoder.decode(line))))
    } catch (thrown) {
      const { message } = Failure.of(thrown, 'data-invalid')
      return refusal(400, 'record-invalid', `record ${i + 1} does not follow the schema of ${source.topic}: ${message}`)
    }
  }
  return values
}

/** The records of a container file; of another schema than the topic's, they are resolved to it and written again. */
function contained(source: Spec['source'], body: Uint8Array): readonly Uint8Array[] | Refusal {
  if (source.schema.kind !== 'text' || source.schema.framing !== 'bare') return noSchemaId(source)
  const { text } = source.schema
  try {
    const { schemaText, values } = readContainer(body)
    if (normal(schemaText) === normal(text)) return values
    const type = avroTypeOf(text)
    const resolve = type.from(schemaText)
    return values.map((value, i) => {
      const resolved = resolve(value)
      if (resolved.kind === 'value') return type.encode(resolved.value)
      throw new Failure('data-invalid', `record ${i + 1}: ${resolved.reason}`)
    })
  } catch (thrown) {
    const { message } = Failure.of(thrown, 'data-invalid')
    return refusal(400, 'record-invalid', `${message}; nothing was taken`)
  }
}

function normal(schemaText: string): string {
  return JSON.stringify(JSON.parse(schemaText))
}

function notAvro({ topic }: Spec['source']): Refusal {
  return refusal(415, 'content-type-refused', `records of ${topic} are JSON; send application/x-ndjson`)
}

function noSchemaId({ topic }: Spec['source']): Refusal {
  const message = `records of ${topic} carry the id of a schema in a registry, which is not known here; send them by a Kafka client`
  return refusal(415, 'content-type-refused', message)
}

/** The text of the key field of every value, bare. */
function keysOf(source: Spec['source'], values: readonly Uint8Array[]): readonly string[] | Refusal {
  const want = { kind: 'text', field: source.key.field } as const
  const schemaText = source.schema.kind === 'text' ? source.schema.text : ''
  const decoder = source.format === 'json' ? jsonDecoder([want]) : avroDecoder({ schemaText, framing: 'bare' }, [want])
  const records = recordsOf(values.map((value) => ({ key: null, value, timestampMs: 0 })))
  const columns = new Columns([want], values.length)
  decoder.decode(records, 0, values.length, columns)
  const text = new TextDecoder()
  const keys: string[] = []
  for (let i = 0; i < values.length; i++) {
    const fault = columns.faults[i] ?? 0
    if (fault !== 0) {
      return refusal(
        400,
        'record-invalid',
        `record ${i + 1} of ${source.topic} is ${reasonOf(fault)}; nothing was taken`,
      )
    }
    const length = columns.textLength[0]?.[i] ?? -1
    if (length < 0) {
      return refusal(
        400,
        'record-invalid',
        `record ${i + 1} of ${source.topic} has no ${source.key.field}; nothing was taken`,
      )
    }
    const at = columns.textAt[0]?.[i] ?? 0
    const bytes = columns.textScratch[0]?.[i] === 1 ? columns.scratch : records.bytes
    keys.push(text.decode(bytes.subarray(at, at + length)))
  }
  return keys
}
