// Records: a run of records of one partition, not decoded: positions into one buffer, a structure of arrays. It is what
// every bus adapter hands to a task, so that from socket to verdict no record becomes an object.
// Invariants
//   R1 offsets ascend strictly; gaps are allowed (control records, aborted transactions, compaction).
//   R2 nextOffset > the last offset: the position after the run, gaps at its end included.
//   R3 the buffer is not reused by its maker while a task may hold the run.
// Headers are kept as bytes in Kafka's own record form (varint count, then name and value each behind a varint length),
// since only the rare path reads them.

import type { Header } from './message.ts'

export interface Records {
  readonly count: number
  /** Keys, values and headers of all records. */
  readonly bytes: Uint8Array
  readonly offsets: Float64Array
  readonly timestampsMs: Float64Array
  /** Position of the key; its length is −1 for a null key. */
  readonly keyAt: Int32Array
  readonly keyLength: Int32Array
  /** Position of the value; its length is −1 for a null value (a tombstone). */
  readonly valueAt: Int32Array
  readonly valueLength: Int32Array
  /** Position of the header section: a zigzag varint count follows, or −1 if there are none. */
  readonly headersAt: Int32Array
  readonly nextOffset: number
}

export function keyBytes(records: Records, index: number): Uint8Array | null {
  const length = records.keyLength[index] ?? -1
  const at = records.keyAt[index] ?? 0
  return length < 0 ? null : records.bytes.subarray(at, at + length)
}

export function valueBytes(records: Records, index: number): Uint8Array | null {
  const length = records.valueLength[index] ?? -1
  const at = records.valueAt[index] ?? 0
  return length < 0 ? null : records.bytes.subarray(at, at + length)
}

export function headersOf(records: Records, index: number): Header[] {
  let at = records.headersAt[index] ?? -1
  if (at < 0) return []
  const bytes = records.bytes
  const varint = (): number => {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = bytes[at++] ?? 0
      value += (byte & 127) * scale
      if (byte < 128) break
      scale *= 128
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  const slice = (length: number): Uint8Array => {
    at += length
    return bytes.subarray(at - length, at)
  }
  const headers: Header[] = []
  for (let left = varint(); left > 0; left--) {
    const name = new TextDecoder().decode(slice(varint()))
    const length = varint()
    headers.push([name, length < 0 ? null : slice(length)])
  }
  return headers
}

/** Records [from, to) of a run as a run of their own, over the same bytes. */
export function sliceOf(records: Records, from: number, to: number): Records {
  if (from === 0 && to === records.count) return records
  return {
    count: to - from,
    bytes: records.bytes,
    offsets: records.offsets.subarray(from, to),
    timestampsMs: records.timestampsMs.subarray(from, to),
    keyAt: records.keyAt.subarray(from, to),
    keyLength: records.keyLength.subarray(from, to),
    valueAt: records.valueAt.subarray(from, to),
    valueLength: records.valueLength.subarray(from, to),
    headersAt: records.headersAt.subarray(from, to),
    nextOffset: to === records.count ? records.nextOffset : (records.offsets[to] ?? records.nextOffset),
  }
}

/** Index of the first record whose offset is at least `offset`. */
export function indexAt(records: Records, offset: number): number {
  let low = 0
  let high = records.count
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((records.offsets[middle] ?? 0) < offset) low = middle + 1
    else high = middle
  }
  return low
}

export interface PlainRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly timestampMs: number
  readonly offset?: number
  readonly headers?: readonly Header[]
}

/** A list of records as a run: offsets count from `baseOffset` where a record names none. Not for the hot path. */
export function recordsOf(list: readonly PlainRecord[], baseOffset = 0): Records {
  const encoder = new TextEncoder()
  const parts: number[] = []
  const pieces: Uint8Array[] = []
  let size = 0
  const put = (piece: Uint8Array): number => {
    pieces.push(piece)
    size += piece.length
    return size - piece.length
  }
  const varint = (value: number): void => {
    let zigzag = value >= 0 ? value * 2 : -value * 2 - 1
    while (zigzag > 127) {
      parts.push((zigzag & 127) | 128)
      zigzag = Math.floor(zigzag / 128)
    }
    parts.push(zigzag)
  }
  const count = list.length
  const run = {
    count,
    offsets: new Float64Array(count),
    timestampsMs: new Float64Array(count),
    keyAt: new Int32Array(count),
    keyLength: new Int32Array(count),
    valueAt: new Int32Array(count),
    valueLength: new Int32Array(count),
    headersAt: new Int32Array(count),
  }
  let nextOffset = baseOffset
  for (const [i, record] of list.entries()) {
    run.offsets[i] = record.offset ?? nextOffset
    nextOffset = (record.offset ?? nextOffset) + 1
    run.timestampsMs[i] = record.timestampMs
    run.keyLength[i] = record.key?.length ?? -1
    run.keyAt[i] = put(record.key ?? new Uint8Array(0))
    run.valueLength[i] = record.value?.length ?? -1
    run.valueAt[i] = put(record.value ?? new Uint8Array(0))
    const headers = record.headers ?? []
    run.headersAt[i] = headers.length === 0 ? -1 : size
    if (headers.length === 0) continue
    varint(headers.length)
    for (const [name, value] of headers) {
      const text = encoder.encode(name)
      varint(text.length)
      parts.push(...text)
      varint(value === null ? -1 : value.length)
      if (value !== null) parts.push(...value)
    }
    put(Uint8Array.from(parts.splice(0)))
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return { ...run, bytes, nextOffset }
}
