// Run builder: walks the records of batches and notes where keys, values and headers lie. The hot loop of reading.
// Owns the arrays of the run that it builds.
// Invariants
//   N1 every length is held against the end of its record, and every record's against the end of its batch.
//   N2 offsets ascend strictly; a batch that breaks this is a Failure('log-corrupt').
// Record: length varint, attributes 1, timestamp delta varlong, offset delta varint, key length varint, key, value length
// varint, value, headers. All varints are zigzag.

import { Failure } from '../core/failure.ts'
import type { Records } from '../core/records.ts'
import type { RecordBatch } from './record-batch.ts'

/** The least a record can take: seven one-byte fields. */
const RECORD_BYTES_MIN = 7

export class RunBuilder {
  readonly #bytes: Uint8Array
  readonly #offsets: Float64Array
  readonly #timestampsMs: Float64Array
  readonly #keyAt: Int32Array
  readonly #keyLength: Int32Array
  readonly #valueAt: Int32Array
  readonly #valueLength: Int32Array
  readonly #headersAt: Int32Array
  #count = 0
  #at = 0

  constructor(bytes: Uint8Array, capacity: number) {
    if (capacity * RECORD_BYTES_MIN > bytes.length) {
      throw new Failure('log-corrupt', `record batches claim ${capacity} records in ${bytes.length} bytes`)
    }
    this.#bytes = bytes
    this.#offsets = new Float64Array(capacity)
    this.#timestampsMs = new Float64Array(capacity)
    this.#keyAt = new Int32Array(capacity)
    this.#keyLength = new Int32Array(capacity)
    this.#valueAt = new Int32Array(capacity)
    this.#valueLength = new Int32Array(capacity)
    this.#headersAt = new Int32Array(capacity)
  }

  /** Adds the records of `batch`, which lie in bytes[at, end), from offset `from` on. */
  add(batch: RecordBatch, at: number, end: number, from: number): void {
    const bytes = this.#bytes
    const base = batch.baseOffset
    const origin = batch.firstTimestampMs
    let i = this.#count
    let x = 0
    let before = -1
    for (let left = batch.count; left > 0; left--) {
      if (at + RECORD_BYTES_MIN > end) throw corrupt(batch)
      x = bytes[at++]!
      if (x > 127) {
        x = this.#rest(x, at)
        at = this.#at
      }
      const next = at + (x >>> 1)
      if ((x & 1) !== 0 || next > end) throw corrupt(batch)
      at++
      x = bytes[at++]!
      let delta = (x >>> 1) ^ -(x & 1)
      if (x > 127) {
        x = this.#rest(x, at)
        at = this.#at
        delta = x % 2 === 0 ? x / 2 : -(x + 1) / 2
      }
      x = bytes[at++]!
      if (x > 127) {
        x = this.#rest(x, at)
        at = this.#at
      }
      const offsetDelta = x >>> 1
      if ((x & 1) !== 0 || offsetDelta <= before) throw corrupt(batch)
      before = offsetDelta
      x = bytes[at++]!
      if (x > 127) {
        x = this.#rest(x, at)
        at = this.#at
      }
      const keyLength = (x >>> 1) ^ -(x & 1)
      const keyAt = at
      if (keyLength < -1 || keyAt + keyLength > next) throw corrupt(batch)
      if (keyLength > 0) at += keyLength
      x = bytes[at++]!
      if (x > 127) {
        x = this.#rest(x, at)
        at = this.#at
      }
      const valueLength = (x >>> 1) ^ -(x & 1)
      const valueAt = at
      if (valueLength > 0) at += valueLength
      if (valueLength < -1 || at >= next) throw corrupt(batch)
      if (base + offsetDelta >= from) {
        this.#offsets[i] = base + offsetDelta
        this.#timestampsMs[i] = origin + delta
        this.#keyAt[i] = keyAt
        this.#keyLength[i] = keyLength
        this.#valueAt[i] = valueAt
        this.#valueLength[i] = valueLength
        this.#headersAt[i] = bytes[at] === 0 ? -1 : at
        i++
      }
      at = next
    }
    if (base + before >= batch.nextOffset) throw corrupt(batch)
    if (batch.appendTime) this.#timestampsMs.fill(batch.maxTimestampMs, this.#count, i)
    this.#count = i
  }

  /** The rest of a varint whose first byte was `first`; where it ends is left in #at. */
  #rest(first: number, from: number): number {
    let at = from
    let value = first & 127
    let byte = first
    for (let scale = 128; byte > 127; scale *= 128) {
      byte = this.#bytes[at++] ?? 0
      value += (byte & 127) * scale
    }
    this.#at = at
    return value
  }

  finish(nextOffset: number): Records {
    const count = this.#count
    const whole = count === this.#offsets.length
    const cut = <T extends Float64Array | Int32Array>(array: T): T => (whole ? array : (array.subarray(0, count) as T))
    return {
      count,
      bytes: this.#bytes,
      offsets: cut(this.#offsets),
      timestampsMs: cut(this.#timestampsMs),
      keyAt: cut(this.#keyAt),
      keyLength: cut(this.#keyLength),
      valueAt: cut(this.#valueAt),
      valueLength: cut(this.#valueLength),
      headersAt: cut(this.#headersAt),
      nextOffset,
    }
  }
}

function corrupt(batch: RecordBatch): Failure {
  return new Failure('log-corrupt', `a record of the batch at offset ${batch.baseOffset} contradicts its lengths`)
}
