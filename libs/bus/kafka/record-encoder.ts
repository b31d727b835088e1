// Record encoder: record batches for kafkajs to send, written by our own writer. kafkajs writes headers from an object, so
// it loses their order and cannot write one without a value, both of which rejected records have to keep; and it takes a
// buffer or two for every record. Owns nothing but the notes of which list a headers object stands for.

import type { IHeaders } from 'kafkajs'
import type { Header } from '../../core/message.ts'
import { crc32c } from '../crc32c.ts'
import { AT_ATTRIBUTES, AT_BASE_SEQUENCE, AT_CRC, AT_PRODUCER_EPOCH } from '../record-batch.ts'
import { batchOf } from '../record-writer.ts'

/** A message as kafkajs passes it on to be encoded. */
export interface KafkaRecord {
  readonly key?: unknown
  readonly value: unknown
  readonly headers?: IHeaders
  readonly timestampDelta?: number
}

export interface BatchParts {
  readonly compression?: number
  readonly records: readonly KafkaRecord[]
  readonly firstTimestamp?: unknown
  readonly producerId?: unknown
  readonly producerEpoch?: number
  readonly firstSequence?: number
  readonly transactional?: boolean
}

/** What kafkajs takes from an encoder. */
export interface Encoded {
  readonly buf: Buffer
  readonly buffer: Buffer
  size(): number
}

const lists = new WeakMap<object, readonly Header[]>()

/** An object for kafkajs that stands for the list as it is; its own content is what the client's own writer would take. */
export function headersObject(headers: readonly Header[]): IHeaders {
  const named: Record<string, Buffer[]> = {}
  for (const [name, value] of headers) {
    named[name] ??= []
    named[name].push(Buffer.from(value ?? []))
  }
  lists.set(named, headers)
  return named
}

/** An uncompressed record batch of `records`, whose messages are as kafkajs has them. */
export function encodeBatch(parts: BatchParts): Encoded {
  const { records, producerId, producerEpoch, firstSequence, transactional } = parts
  const firstMs = Number(parts.firstTimestamp ?? 0)
  const messages = records.map(({ key, value, headers, timestampDelta }) => ({
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headers === undefined ? [] : (lists.get(headers) ?? pairsOf(headers)),
    timestampMs: firstMs + (timestampDelta ?? 0),
  }))
  const id = Number(String(producerId ?? -1))
  const bytes = batchOf(messages, 0, {
    transactional: transactional === true,
    ...(id < 0 ? {} : { producerId: id }),
  })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (id >= 0) {
    view.setInt16(AT_PRODUCER_EPOCH, producerEpoch ?? 0)
    view.setInt32(AT_BASE_SEQUENCE, firstSequence ?? 0)
    view.setUint32(AT_CRC, crc32c(bytes, AT_ATTRIBUTES, bytes.length))
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return { buf: buffer, buffer, size: () => buffer.length }
}

function bytesOf(given: unknown): Uint8Array | null {
  if (given === null || given === undefined) return null
  return given instanceof Uint8Array ? given : Buffer.from(String(given))
}

function pairsOf(headers: IHeaders): Header[] {
  const pairs: Header[] = []
  for (const [name, values] of Object.entries(headers)) {
    for (const value of Array.isArray(values) ? values : [values]) pairs.push([name, bytesOf(value)])
  }
  return pairs
}
