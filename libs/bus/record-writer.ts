// Record writer: messages to one record batch, as the embedded log keeps them and tests feed the reader. Owns no state.
// Offsets ascend by one from the base, as a log assigns them, unless the messages name their own (compaction keeps them).

import type { Header } from '../core/message.ts'
import { type CodecName, codecNames } from './compression.ts'
import { crc32c } from './crc32c.ts'
import {
  AT_ATTRIBUTES,
  AT_BASE_SEQUENCE,
  AT_COUNT,
  AT_CRC,
  AT_FIRST_TIMESTAMP,
  AT_LAST_OFFSET_DELTA,
  AT_LENGTH,
  AT_MAGIC,
  AT_MAX_TIMESTAMP,
  AT_PRODUCER_EPOCH,
  AT_PRODUCER_ID,
  HEADER_BYTES,
  LENGTH_ORIGIN,
} from './record-batch.ts'

export interface BatchMessage {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly Header[]
  readonly timestampMs: number
}

export interface BatchOptions {
  /** Offset of each message, ascending; from the base by ones if absent. */
  readonly offsets?: readonly number[]
  /** The offset after the batch, where compaction removed records at its end. */
  readonly nextOffset?: number
  readonly producerId?: number
  readonly transactional?: boolean
  readonly control?: boolean
  readonly codec?: CodecName
  readonly deflate?: (records: Uint8Array) => Uint8Array
}

const TRANSACTIONAL = 16
const CONTROL = 32
const VARINT_BYTES_MAX = 10
const encoder = new TextEncoder()

/** One record batch of `messages` whose first offset is `baseOffset`. */
export function batchOf(messages: readonly BatchMessage[], baseOffset: number, options: BatchOptions = {}): Uint8Array {
  const first = messages[0]?.timestampMs ?? -1
  const offsets = options.offsets
  const packed = new Uint8Array(HEADER_BYTES + bytesMaxOf(messages))
  let at = HEADER_BYTES
  let maxTimestampMs = first
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i]!
    if (message.timestampMs > maxTimestampMs) maxTimestampMs = message.timestampMs
    const offset = offsets === undefined ? i : offsets[i]! - baseOffset
    at = putRecord(packed, at, message, message.timestampMs - first, offset)
  }
  let bytes = packed.subarray(0, at)
  if (options.deflate !== undefined) {
    const records = options.deflate(bytes.subarray(HEADER_BYTES))
    bytes = new Uint8Array(HEADER_BYTES + records.length)
    bytes.set(records, HEADER_BYTES)
  }
  const next = options.nextOffset ?? (offsets?.at(-1) ?? baseOffset + Math.max(messages.length, 1) - 1) + 1
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  putInt64(view, 0, baseOffset)
  view.setInt32(AT_LENGTH, bytes.length - LENGTH_ORIGIN)
  view.setInt8(AT_MAGIC, 2)
  view.setInt16(AT_ATTRIBUTES, attributesOf(options))
  view.setInt32(AT_LAST_OFFSET_DELTA, next - 1 - baseOffset)
  putInt64(view, AT_FIRST_TIMESTAMP, first)
  putInt64(view, AT_MAX_TIMESTAMP, maxTimestampMs)
  putInt64(view, AT_PRODUCER_ID, options.producerId ?? -1)
  view.setInt16(AT_PRODUCER_EPOCH, options.producerId === undefined ? -1 : 0)
  view.setInt32(AT_BASE_SEQUENCE, -1)
  view.setInt32(AT_COUNT, messages.length)
  view.setUint32(AT_CRC, crc32c(bytes, AT_ATTRIBUTES, bytes.length))
  return bytes
}

function attributesOf(options: BatchOptions): number {
  const codec = codecNames.indexOf(options.codec ?? 'none')
  return codec | (options.transactional === true ? TRANSACTIONAL : 0) | (options.control === true ? CONTROL : 0)
}

function bytesMaxOf(messages: readonly BatchMessage[]): number {
  let size = 0
  for (const { key, value, headers } of messages) {
    size += 7 * VARINT_BYTES_MAX + (key?.length ?? 0) + (value?.length ?? 0)
    for (const [name, content] of headers) size += 2 * VARINT_BYTES_MAX + 3 * name.length + (content?.length ?? 0)
  }
  return size
}

function putRecord(out: Uint8Array, at: number, message: BatchMessage, timeDelta: number, offsetDelta: number): number {
  const { key, value, headers } = message
  if (headers.length > 0) return putWithHeaders(out, at, message, timeDelta, offsetDelta)
  // Attributes and the count of headers are a byte each.
  const length = 2 + varintBytes(timeDelta) + varintBytes(offsetDelta) + sizedBytes(key) + sizedBytes(value)
  let p = putVarint(out, at, length)
  out[p++] = 0
  p = putVarint(out, p, timeDelta)
  p = putVarint(out, p, offsetDelta)
  p = putBytes(out, p, key)
  p = putBytes(out, p, value)
  out[p++] = 0
  return p
}

function putWithHeaders(
  out: Uint8Array,
  at: number,
  message: BatchMessage,
  timeDelta: number,
  offsetDelta: number,
): number {
  // The length stands before the record: write behind a gap of the widest length, then close up.
  const start = at + 5
  let p = start
  out[p++] = 0
  p = putVarint(out, p, timeDelta)
  p = putVarint(out, p, offsetDelta)
  p = putBytes(out, p, message.key)
  p = putBytes(out, p, message.value)
  p = putVarint(out, p, message.headers.length)
  for (const [name, content] of message.headers) {
    p = putName(out, p, name)
    p = putBytes(out, p, content)
  }
  const begin = putVarint(out, at, p - start)
  if (begin < start) out.copyWithin(begin, start, p)
  return begin + p - start
}

function varintBytes(value: number): number {
  let zigzag = value >= 0 ? value * 2 : -value * 2 - 1
  let bytes = 1
  for (; zigzag > 127; zigzag = Math.floor(zigzag / 128)) bytes++
  return bytes
}

function sizedBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintBytes(bytes.length) + bytes.length
}

function putBytes(out: Uint8Array, at: number, bytes: Uint8Array | null): number {
  const p = putVarint(out, at, bytes === null ? -1 : bytes.length)
  if (bytes === null) return p
  // Below some dozens of bytes the call of a native copy costs more than a loop.
  if (bytes.length > 48) out.set(bytes, p)
  else for (let i = 0; i < bytes.length; i++) out[p + i] = bytes[i]!
  return p + bytes.length
}

/** Names of headers are nearly always ASCII, which needs no encoder; a dead letter has fifteen of them. */
function putName(out: Uint8Array, at: number, name: string): number {
  let p = putVarint(out, at, name.length)
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i)
    if (unit > 127) return putBytes(out, at, encoder.encode(name))
    out[p++] = unit
  }
  return p
}

function putVarint(out: Uint8Array, at: number, value: number): number {
  let zigzag = value >= 0 ? value * 2 : -value * 2 - 1
  let p = at
  while (zigzag > 127) {
    out[p++] = (zigzag % 128) | 128
    zigzag = Math.floor(zigzag / 128)
  }
  out[p++] = zigzag
  return p
}

function putInt64(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / 4294967296)
  view.setInt32(at, high)
  view.setUint32(at + 4, value - high * 4294967296)
}
