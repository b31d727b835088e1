// Json scan: the grammar of JSON over bytes: where a string, a number or any value ends, and whether it is well formed.
// Invariants
//   G1 `at` never passes `end` by more than one, and nothing beyond `end` is looked at.
//   G2 strings are valid UTF-8 without control characters; numbers, literals and structure are what JSON.parse accepts.
//   G3 a number of at most 15 digits and a power of ten of at most 22 is exact by one multiplication or division of exact
//      doubles (Clinger, 1990); any other is left to Number.

import { POWER_MAX, powersOfTen } from './decimal.ts'

const DIGITS_MAX = 15

export class JsonScan {
  readonly depthMax = 64
  bytes: Uint8Array = new Uint8Array(0)
  at = 0
  end = 0
  /** Of the last string, without its quotes, or of the last number. */
  from = 0
  to = 0
  /** Whether the last string has escapes. */
  escaped = false
  /** Of the last number. */
  value = 0
  integer = false
  /** What the last skipped value was, if a literal. */
  literal: 'null' | 'true' | 'false' | 'none' = 'none'

  begin(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  /** The byte at `at`, or −1 at the end. */
  peek(): number {
    return this.at < this.end ? this.bytes[this.at]! : -1
  }

  space(): void {
    const { bytes, end } = this
    let at = this.at
    while (at < end) {
      const byte = bytes[at]!
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
      at++
    }
    this.at = at
  }

  /** The last string, unescaped. */
  text(): string {
    const { bytes, from, to } = this
    const quoted = Buffer.from(bytes.buffer, bytes.byteOffset + from - 1, to - from + 2).toString()
    const text: unknown = JSON.parse(quoted)
    return String(text)
  }

  string(): boolean {
    const { bytes, end } = this
    let at = this.at
    if (at >= end || bytes[at] !== 0x22) return false
    at++
    this.from = at
    this.escaped = false
    while (at < end) {
      const byte = bytes[at]!
      if (byte === 0x22) {
        this.to = at
        this.at = at + 1
        return true
      }
      if (byte < 0x20) return false
      if (byte === 0x5c) {
        at = this.#escape(at)
        this.escaped = true
      } else if (byte < 0x80) at++
      else at = this.#sequence(at)
      if (at < 0) return false
    }
    return false
  }

  /** The position after the escape at `at`, or −1. */
  #escape(at: number): number {
    const { bytes, end } = this
    if (at + 1 >= end) return -1
    switch (bytes[at + 1]) {
      case 0x22:
      case 0x5c:
      case 0x2f:
      case 0x62:
      case 0x66:
      case 0x6e:
      case 0x72:
      case 0x74:
        return at + 2
      case 0x75: {
        if (at + 6 > end) return -1
        for (let i = at + 2; i < at + 6; i++) if (!isHex(bytes[i]!)) return -1
        return at + 6
      }
      default:
        return -1
    }
  }

  /** The position after the UTF-8 sequence of several bytes at `at`, or −1: no overlong form, no surrogate. */
  #sequence(at: number): number {
    const { bytes, end } = this
    const first = bytes[at]!
    const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
    if (first < 0xc2 || first > 0xf4 || at + length > end) return -1
    const second = bytes[at + 1]!
    const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
    const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
    if (second < low || second > high) return -1
    for (let i = at + 2; i < at + length; i++) if ((bytes[i]! & 0xc0) !== 0x80) return -1
    return at + length
  }

  number(): boolean {
    const { bytes, end } = this
    let at = this.at
    this.from = at
    const negative = bytes[at] === 0x2d
    if (negative) at++
    let mantissa = 0
    let digits = 0
    let exponent = 0
    const first = at
    while (at < end && isDigit(bytes[at]!)) {
      mantissa = mantissa * 10 + bytes[at++]! - 48
      if (mantissa !== 0) digits++
    }
    if (at === first || (bytes[first] === 48 && at > first + 1)) return false
    this.integer = true
    if (at < end && bytes[at] === 0x2e) {
      this.integer = false
      const fraction = ++at
      while (at < end && isDigit(bytes[at]!)) {
        mantissa = mantissa * 10 + bytes[at++]! - 48
        if (mantissa !== 0) digits++
      }
      if (at === fraction) return false
      exponent = fraction - at
    }
    if (at < end && (bytes[at]! | 0x20) === 0x65) {
      this.integer = false
      at++
      const minus = at < end && bytes[at] === 0x2d
      if (at < end && (minus || bytes[at] === 0x2b)) at++
      const begin = at
      let stated = 0
      while (at < end && isDigit(bytes[at]!)) stated = stated * 10 + bytes[at++]! - 48
      if (at === begin) return false
      exponent += minus ? -stated : stated
    }
    this.to = at
    this.at = at
    this.value = this.#exact(negative, mantissa, digits, exponent)
    return true
  }

  #exact(negative: boolean, mantissa: number, digits: number, exponent: number): number {
    if (digits > DIGITS_MAX || exponent > POWER_MAX || exponent < -POWER_MAX) {
      const { bytes, from, to } = this
      return Number(Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1'))
    }
    const value = exponent < 0 ? mantissa / powersOfTen[-exponent]! : mantissa * powersOfTen[exponent]!
    return negative ? -value : value
  }

  /** Steps over any value; `depth` is the depth it would have as an object or array. */
  skip(depth: number): boolean {
    this.literal = 'none'
    switch (this.peek()) {
      case 0x22:
        return this.string()
      case 0x7b:
        return this.#skipObject(depth)
      case 0x5b:
        return this.#skipArray(depth)
      case 0x74:
        return this.#literal('true')
      case 0x66:
        return this.#literal('false')
      case 0x6e:
        return this.#literal('null')
      default:
        return this.#skipNumber()
    }
  }

  #literal(literal: 'null' | 'true' | 'false'): boolean {
    for (let i = 0; i < literal.length; i++, this.at++) {
      if (this.peek() !== literal.charCodeAt(i)) return false
    }
    this.literal = literal
    return true
  }

  #skipNumber(): boolean {
    const { bytes, end } = this
    let at = this.at
    if (at < end && bytes[at] === 0x2d) at++
    const first = at
    while (at < end && isDigit(bytes[at]!)) at++
    if (at === first || (bytes[first] === 48 && at > first + 1)) return false
    if (at < end && bytes[at] === 0x2e) {
      const fraction = ++at
      while (at < end && isDigit(bytes[at]!)) at++
      if (at === fraction) return false
    }
    if (at < end && (bytes[at]! | 0x20) === 0x65) {
      at++
      if (at < end && (bytes[at] === 0x2d || bytes[at] === 0x2b)) at++
      const begin = at
      while (at < end && isDigit(bytes[at]!)) at++
      if (at === begin) return false
    }
    this.at = at
    return true
  }

  #skipObject(depth: number): boolean {
    if (depth > this.depthMax) return false
    this.at++
    this.space()
    if (this.peek() === 0x7d) {
      this.at++
      return true
    }
    for (;;) {
      if (!this.string()) return false
      this.space()
      if (this.peek() !== 0x3a) return false
      this.at++
      this.space()
      if (!this.skip(depth + 1)) return false
      this.space()
      const next = this.peek()
      this.at++
      if (next === 0x7d) break
      if (next !== 0x2c) return false
      this.space()
    }
    this.literal = 'none'
    return true
  }

  #skipArray(depth: number): boolean {
    if (depth > this.depthMax) return false
    this.at++
    this.space()
    if (this.peek() === 0x5d) {
      this.at++
      return true
    }
    for (;;) {
      if (!this.skip(depth + 1)) return false
      this.space()
      const next = this.peek()
      this.at++
      if (next === 0x5d) break
      if (next !== 0x2c) return false
      this.space()
    }
    this.literal = 'none'
    return true
  }
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57
}

function isHex(byte: number): boolean {
  const lower = byte | 0x20
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66)
}
