// Category: bytes of a text, or an integer, to the index of the value that they are. One probe of a table and one
// comparison of bytes; no string is made.
// Invariant: −1 for what is not among the values; of equal values the first one counts.

export interface Category {
  text(bytes: Uint8Array, at: number, length: number): number
  integer(value: number): number
  /** For texts known beforehand: enum symbols. */
  of(text: string): number
}

export function category(values: readonly string[]): Category {
  const texts = values.map((value) => new TextEncoder().encode(value))
  const byText = new Map<string, number>()
  const byInteger = new Map<number, number>()
  for (const [code, value] of values.entries()) {
    if (byText.has(value)) continue
    byText.set(value, code)
    const number = Number(value)
    if (Number.isSafeInteger(number) && String(number) === value) byInteger.set(number, code)
  }
  let size = 16
  while (size < 4 * texts.length) size *= 2
  const mask = size - 1
  /** Code + 1 of the value, 0 where free; open addressing. */
  const table = new Int32Array(size)
  for (const code of byText.values()) {
    const text = texts[code]!
    let slot = spread(text, 0, text.length) & mask
    while (table[slot] !== 0) slot = (slot + 1) & mask
    table[slot] = code + 1
  }
  return {
    text(bytes, at, length) {
      for (let slot = spread(bytes, at, length) & mask; ; slot = (slot + 1) & mask) {
        const code = table[slot]! - 1
        if (code < 0) return -1
        const text = texts[code]!
        if (text.length !== length) continue
        let i = 0
        while (i < length && text[i] === bytes[at + i]) i++
        if (i === length) return code
      }
    },
    integer: (value) => byInteger.get(value) ?? -1,
    of: (text) => byText.get(text) ?? -1,
  }
}

/** A hash of length, first, middle and last byte: enough to tell few short texts apart, at a cost that no text can raise. */
function spread(bytes: Uint8Array, at: number, length: number): number {
  if (length === 0) return 0
  const first = bytes[at]!
  const middle = bytes[at + (length >>> 1)]!
  const last = bytes[at + length - 1]!
  const mixed = Math.imul(first | (middle << 8) | (last << 16) | (length << 24), 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}
