// Decimal: Avro's logical decimal, a two's-complement big-endian integer over a power of ten, as a number.

export const POWER_MAX = 22
/** Up to 10^22 a power of ten is exact in double precision, so that a quotient or product with it is rounded once. */
export const powersOfTen = Float64Array.from({ length: POWER_MAX + 1 }, (_, k) => Number(`1e${k}`))

/** NaN for no bytes at all; ±Infinity when the unscaled integer is beyond ±(2^53 − 1) and would lose digits. */
export function decimal(bytes: Uint8Array, at: number, length: number, scale: number): number {
  if (length === 0) return Number.NaN
  let unscaled = bytes[at]! >= 128 ? -1 : 0
  for (let i = 0; i < length; i++) unscaled = unscaled * 256 + bytes[at + i]!
  if (!Number.isSafeInteger(unscaled)) return unscaled > 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  return scale <= POWER_MAX ? unscaled / powersOfTen[scale]! : Number(`${unscaled}e-${scale}`)
}
