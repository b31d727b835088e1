// Filled: records whose columns exist already, so that a bench of the fold measures the fold. The decoder copies a call's
// part of every column and stands in for a real one; its cost (some nanoseconds a record) is part of what is measured.

import type { Columns, Decoder } from '../../libs/codec/columns.ts'
import { Random } from '../../libs/core/random.ts'
import type { Records } from '../../libs/core/records.ts'
import type { Stream } from '../../libs/stream/stream.ts'

export interface Filled {
  readonly records: Records
  readonly decoder: Decoder
  /** Moves all times behind the last, so that folding the records once more folds new ones, not late ones. */
  later(): void
}

/** `count` records a millisecond apart, of keys by number, the key text in the record's own key. */
export function filled(stream: Stream, count: number, keyOf: (index: number) => number, seed: number): Filled {
  const random = new Random(seed)
  const keyLength = 12
  const bytes = new Uint8Array(count * keyLength)
  const keyAt = new Int32Array(count)
  const timestampsMs = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const text = `customer${keyOf(i).toString(36).padStart(4, '0')}`
    for (let c = 0; c < keyLength; c++) bytes[i * keyLength + c] = text.charCodeAt(c)
    keyAt[i] = i * keyLength
    timestampsMs[i] = 1_700_000_000_000 + i
  }
  const columns = stream.wants.map((want, w) => {
    if (want.kind === 'number') {
      return w === stream.timeWant
        ? timestampsMs
        : Float64Array.from({ length: count }, () => random.exponential() * 50)
    }
    return Float64Array.from({ length: count }, () =>
      want.kind === 'category' ? random.integer(want.values.length) : 0,
    )
  })
  const codes = columns.map((column) => Int32Array.from(column))
  const keyLengths = new Int32Array(count).fill(keyLength)
  const decoder: Decoder = {
    need: null,
    supply(): void {},
    decode(_records: Records, from: number, to: number, into: Columns): number {
      into.faults.fill(0, 0, to - from)
      for (const [w, want] of stream.wants.entries()) {
        if (want.kind === 'number') into.numbers[w]?.set((columns[w] as Float64Array).subarray(from, to))
        else if (want.kind === 'category') into.codes[w]?.set((codes[w] as Int32Array).subarray(from, to))
        else {
          into.textAt[w]?.set(keyAt.subarray(from, to))
          into.textLength[w]?.set(keyLengths.subarray(from, to))
        }
      }
      return to
    },
  }
  const none = new Int32Array(count).fill(-1)
  const records: Records = {
    count,
    bytes,
    offsets: Float64Array.from({ length: count }, (_, i) => i),
    timestampsMs,
    keyAt,
    keyLength: keyLengths,
    valueAt: keyAt,
    valueLength: keyLengths,
    headersAt: none,
    nextOffset: count,
  }
  const later = (): void => {
    for (let i = 0; i < count; i++) timestampsMs[i] = (timestampsMs[i] ?? 0) + count
  }
  return { records, decoder, later }
}
