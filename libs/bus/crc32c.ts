// CRC-32C (Castagnoli), the checksum of a record batch: slicing by eight tables (Kounavis and Berry, 2005), which reads
// eight bytes a step. Owns the tables, built once; no other state.

const POLYNOMIAL = 0x82f63b78

function tables(): Int32Array[] {
  const all = Array.from({ length: 8 }, () => new Int32Array(256))
  const first = all[0]!
  for (let byte = 0; byte < 256; byte++) {
    let rest = byte
    for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1
    first[byte] = rest
  }
  for (let slice = 1; slice < 8; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = all[slice - 1]![byte]!
      all[slice]![byte] = (before >>> 8) ^ first[before & 255]!
    }
  }
  return all
}

const [T0, T1, T2, T3, T4, T5, T6, T7] = tables() as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
]

/** The checksum of bytes[at, end) as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, at: number, end: number): number {
  let crc = -1
  let i = at
  for (; i + 8 <= end; i += 8) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    crc =
      T7[crc & 255]! ^
      T6[(crc >>> 8) & 255]! ^
      T5[(crc >>> 16) & 255]! ^
      T4[crc >>> 24]! ^
      T3[bytes[i + 4]!]! ^
      T2[bytes[i + 5]!]! ^
      T1[bytes[i + 6]!]! ^
      T0[bytes[i + 7]!]!
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ T0[(crc ^ bytes[i]!) & 255]!
  return ~crc >>> 0
}
