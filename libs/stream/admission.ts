// Admission: what can be said of a record without any state, before it may change some: is it sound, whose is it, when
// was it. Owns nothing but what it compiled from the stream; its verdicts are outcome bytes.
// Invariants
//   A1 after it, every wanted number of an admitted record is within ±1e15, or NaN (missing).
//   A2 a record without time or key is rejected as `missing` whatever the spec says of missing values.
//   A3 the record's own key must hold the bytes of the key field: keyed state is a fold over one partition, and records
//      of one key in two partitions would split its state in silence.

import type { Columns } from '../codec/columns.ts'
import { hash64 } from '../core/hash.ts'
import type { Records } from '../core/records.ts'
import { rejected } from '../core/verdict.ts'
import { unitMs } from './features.ts'
import { VALUE_MAX } from './operation.ts'
import type { Stream } from './stream.ts'

/** How far a record's time may be ahead of its timestamp. A negative timestamp is none. */
const AHEAD_MS_MAX = 3_600_000
const MISSING = rejected('missing')
const NOT_FINITE = rejected('not-finite')
const WRONG_KEY = rejected('wrong-key')
const FUTURE = rejected('future')

export interface Admission {
  /**
   * Judges rows [0, count) of `columns`, records from `from` on: outcomes (0 = admitted), times and key hashes of those
   * whose time and key are known.
   */
  admit(records: Records, from: number, count: number, columns: Columns, into: Admitted): void
}

export interface Admitted {
  readonly outcomes: Uint8Array
  readonly timesMs: Float64Array
  readonly hashes: Uint32Array
}

export function admission(stream: Stream): Admission {
  const { spec, timeWant, keyWant } = stream
  const scale = unitMs(spec.source.time.unit)
  const ownKey = spec.source.key.format
  const limits = numberLimits(stream, scale)
  const required = spec.missing.kind === 'reject' ? requiredWants(stream) : []
  return {
    admit(records: Records, from: number, count: number, columns: Columns, into: Admitted): void {
      const { outcomes, timesMs, hashes } = into
      for (let i = 0; i < count; i++) outcomes[i] = columns.faults[i]!
      for (const [want, limit] of limits) boundNumbers(columns.numbers[want]!, limit, count, outcomes)
      for (const want of required) requireWant(columns, want, count, outcomes)
      const times = columns.numbers[timeWant]!
      const { faults, scratch } = columns
      const textAt = columns.textAt[keyWant]!
      const textLength = columns.textLength[keyWant]!
      const textScratch = columns.textScratch[keyWant]!
      for (let i = 0; i < count; i++) {
        timesMs[i] = faults[i] === 0 ? times[i]! * scale : Number.NaN
        if (outcomes[i] !== 0) continue
        const t = timesMs[i]!
        const length = textLength[i]!
        const bytes = textScratch[i] === 1 ? scratch : records.bytes
        const at = textAt[i]!
        const stamp = records.timestampsMs[from + i]!
        if (length < 0 || Number.isNaN(t)) outcomes[i] = MISSING
        else if (ownKey !== 'ignore' && !holdsKey(records, from + i, ownKey, bytes, at, length)) outcomes[i] = WRONG_KEY
        else if (stamp >= 0 && t > stamp + AHEAD_MS_MAX) outcomes[i] = FUTURE
        else hash64(bytes, at, length, hashes, i)
      }
    },
  }
}

/** The greatest magnitude by want: times count in milliseconds, since microseconds of today are beyond 1e15. */
function numberLimits(stream: Stream, scale: number): [want: number, limit: number][] {
  const limits = new Map<number, number>([[stream.timeWant, VALUE_MAX / scale]])
  for (const { spec, want } of stream.layout) {
    if (want === null || spec.kind === 'one-hot') continue
    const limit = spec.kind === 'cyclic' ? VALUE_MAX / scale : VALUE_MAX
    limits.set(want, Math.min(limit, limits.get(want) ?? limit))
  }
  return [...limits]
}

function requiredWants(stream: Stream): number[] {
  return [...new Set(stream.layout.flatMap(({ want }) => (want === null ? [] : [want])))]
}

function boundNumbers(values: Float64Array, limit: number, count: number, outcomes: Uint8Array): void {
  for (let i = 0; i < count; i++) {
    if (Math.abs(values[i]!) > limit && outcomes[i] === 0) outcomes[i] = NOT_FINITE
  }
}

function requireWant(columns: Columns, want: number, count: number, outcomes: Uint8Array): void {
  const numbers = columns.numbers[want]!
  const codes = columns.codes[want]!
  for (let i = 0; i < count; i++) {
    if (outcomes[i] !== 0) continue
    if (numbers.length > 0 ? Number.isNaN(numbers[i]!) : codes[i] === -2) outcomes[i] = MISSING
  }
}

/** Whether the record's own key is the text at bytes[at, at + length). */
function holdsKey(
  records: Records,
  index: number,
  format: 'utf8' | 'avro',
  bytes: Uint8Array,
  at: number,
  length: number,
): boolean {
  const own = records.bytes
  let from = records.keyAt[index]!
  const end = from + records.keyLength[index]!
  if (format === 'avro') from = avroContent(own, from, end, length)
  if (from < 0 || end - from !== length) return false
  for (let i = 0; i < length; i++) if (own[from + i] !== bytes[at + i]) return false
  return true
}

/** Where the content of an Avro string of `length` bytes begins, behind a Confluent header or bare; −1 if it is none. */
function avroContent(own: Uint8Array, from: number, end: number, length: number): number {
  // A bare string that begins with byte 0 is empty, hence a byte long.
  let at = own[from] === 0 && end - from > 5 ? from + 5 : from
  let rest = 2 * length
  while (rest > 127) {
    if (at >= end || own[at] !== ((rest & 127) | 128)) return -1
    rest >>>= 7
    at++
  }
  return at < end && own[at] === rest ? at + 1 : -1
}
