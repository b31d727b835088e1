// Varint: 64-bit integers as Avro writes them, zigzag in groups of seven bits, exact. Not for the hot path.

const BYTES_MAX = 10

/** RangeError for what is no varint, or beyond ±(2^53 − 1). */
export function readLong(bytes: Uint8Array): number {
  const value = Number(exactLong(bytes, 0))
  if (!Number.isSafeInteger(value)) throw new RangeError('a long beyond ±(2^53 − 1)')
  return value
}

/** The integer of the varint that begins at `at`; RangeError if it has more than ten bytes or more than 64 bits. */
export function exactLong(bytes: Uint8Array, at: number): bigint {
  let zigzag = 0n
  for (let i = 0; i < BYTES_MAX; i++) {
    const byte = bytes[at + i] ?? 0
    zigzag |= BigInt(byte & 127) << BigInt(7 * i)
    if (byte < 128) {
      if (zigzag >= 1n << 64n) break
      return zigzag & 1n ? -(zigzag >> 1n) - 1n : zigzag >> 1n
    }
  }
  throw new RangeError('a number of more than 64 bits')
}

export function writtenLong(value: number): Uint8Array {
  const exact = BigInt(value)
  let zigzag = exact >= 0n ? exact << 1n : (-exact << 1n) - 1n
  const bytes: number[] = []
  for (; zigzag > 127n; zigzag >>= 7n) bytes.push(Number(zigzag & 127n) | 128)
  bytes.push(Number(zigzag))
  return Uint8Array.from(bytes)
}
