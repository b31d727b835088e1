// Framing: how a record names its schema, the Confluent way: a zero byte, the schema's id in four bytes, big-endian, then
// the bare value.

import type { Records } from '../core/records.ts'

/** The schema id of the framed value in bytes [at, end), or −1. */
export function confluentId(bytes: Uint8Array, at = 0, end = bytes.length): number {
  if (end - at < 5 || bytes[at] !== 0) return -1
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at + 1], bytes[at + 2], bytes[at + 3], bytes[at + 4]]
  return a * 16_777_216 + b * 65_536 + c * 256 + d
}

/** The same of the value of record `index`; −1 too where it is null or too short. */
export function confluentIdAt(records: Records, index: number): number {
  const at = records.valueAt[index] ?? 0
  return (records.valueLength[index] ?? -1) < 5 ? -1 : confluentId(records.bytes, at, at + 5)
}
