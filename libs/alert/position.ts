// Position: what an input position is called outside. Ids depend on the position alone, so that whoever judges the record
// again, after a crash or in a replay, calls it the same.

import { sha256 } from '../core/hash.ts'

const ID_DIGITS = 32

/** The first 32 hexadecimal digits of SHA-256 over stream, topic, partition and offset with NUL between. */
export function positionId(stream: string, topic: string, partition: number, offset: number): string {
  return sha256(`${stream}\0${topic}\0${partition}\0${offset}`).slice(0, ID_DIGITS)
}

/** What both a Date and the Avro library's `long` hold (it doubles before it writes); records may say any time. */
const TIME_MS_MAX = 2 ** 52

/** A time that a record gave, as whole milliseconds that can be written and shown. */
export function wholeTimeMs(timeMs: number): number {
  if (Number.isNaN(timeMs)) return 0
  return Math.round(Math.min(Math.max(timeMs, -TIME_MS_MAX), TIME_MS_MAX))
}

/** RFC 3339 in UTC; years beyond four digits in the extended form of ISO 8601. */
export function isoTime(timeMs: number): string {
  return new Date(wholeTimeMs(timeMs)).toISOString()
}
