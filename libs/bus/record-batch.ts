// Record batch: the header of Kafka's record batch, version 2, found by walking from batch to batch without touching the
// records. Owns no state; reading records is record-reader's, writing them record-writer's.
// Invariants
//   H1 every length is held against the bytes that are there; a batch that is cut off at the end of a fetch is left out,
//      any other contradiction is a Failure('log-corrupt').
// Layout (big-endian): baseOffset 8, length 4, leaderEpoch 4, magic 1, crc 4, attributes 2, lastOffsetDelta 4,
// firstTimestamp 8, maxTimestamp 8, producerId 8, producerEpoch 2, baseSequence 4, count 4, records. `length` counts what
// follows it; the checksum covers what follows itself.

import { Failure } from '../core/failure.ts'
import { type CodecName, codecNames } from './compression.ts'

export const AT_LENGTH = 8
export const AT_MAGIC = 16
export const AT_CRC = 17
export const AT_ATTRIBUTES = 21
export const AT_LAST_OFFSET_DELTA = 23
export const AT_FIRST_TIMESTAMP = 27
export const AT_MAX_TIMESTAMP = 35
export const AT_PRODUCER_ID = 43
export const AT_PRODUCER_EPOCH = 51
export const AT_BASE_SEQUENCE = 53
export const AT_COUNT = 57
export const HEADER_BYTES = 61
/** Bytes before `length` begins to count. */
export const LENGTH_ORIGIN = 12

const TIMESTAMP_IS_APPEND_TIME = 8
const TRANSACTIONAL = 16
const CONTROL = 32
const CODEC_MASK = 7

/** One batch by its header: bytes[at, end), records from bytes[at + HEADER_BYTES]. */
export interface RecordBatch {
  readonly bytes: Uint8Array
  readonly at: number
  readonly end: number
  readonly baseOffset: number
  /** The offset after the batch, by its header: what compaction removed at its end included. */
  readonly nextOffset: number
  readonly count: number
  readonly codec: CodecName
  readonly firstTimestampMs: number
  readonly maxTimestampMs: number
  readonly appendTime: boolean
  readonly producerId: number
  readonly transactional: boolean
  readonly control: boolean
}

export function readInt64(view: DataView, at: number): number {
  return view.getInt32(at) * 4294967296 + view.getUint32(at + 4)
}

/** The whole batches of bytes[at, end), as a fetch or a log returns them. */
export function batchesIn(bytes: Uint8Array, at: number, end: number): RecordBatch[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const batches: RecordBatch[] = []
  let position = at
  while (position + HEADER_BYTES <= end) {
    const length = view.getInt32(position + AT_LENGTH)
    const magic = view.getInt8(position + AT_MAGIC)
    if (magic !== 2) throw corrupt(`record format ${magic} at byte ${position}; only format 2 can be read`)
    if (length < HEADER_BYTES - LENGTH_ORIGIN) throw corrupt(`a record batch of ${length} bytes`)
    if (position + LENGTH_ORIGIN + length > end) break
    batches.push(headerAt(bytes, view, position, position + LENGTH_ORIGIN + length))
    position += LENGTH_ORIGIN + length
  }
  return batches
}

function headerAt(bytes: Uint8Array, view: DataView, at: number, end: number): RecordBatch {
  const attributes = view.getInt16(at + AT_ATTRIBUTES)
  const codec = codecNames[attributes & CODEC_MASK]
  const baseOffset = readInt64(view, at)
  const lastOffsetDelta = view.getInt32(at + AT_LAST_OFFSET_DELTA)
  const count = view.getInt32(at + AT_COUNT)
  if (codec === undefined) throw corrupt(`unknown compression ${attributes & CODEC_MASK} at offset ${baseOffset}`)
  if (baseOffset < 0 || lastOffsetDelta < 0 || count < 0 || count > lastOffsetDelta + 1) {
    throw corrupt(`contradictory header at offset ${baseOffset}`)
  }
  return {
    bytes,
    at,
    end,
    baseOffset,
    nextOffset: baseOffset + lastOffsetDelta + 1,
    count,
    codec,
    firstTimestampMs: readInt64(view, at + AT_FIRST_TIMESTAMP),
    maxTimestampMs: readInt64(view, at + AT_MAX_TIMESTAMP),
    appendTime: (attributes & TIMESTAMP_IS_APPEND_TIME) !== 0,
    producerId: readInt64(view, at + AT_PRODUCER_ID),
    transactional: (attributes & TRANSACTIONAL) !== 0,
    control: (attributes & CONTROL) !== 0,
  }
}

function corrupt(what: string): Failure {
  return new Failure('log-corrupt', `${what}; the log is damaged or was not written by Kafka`)
}
