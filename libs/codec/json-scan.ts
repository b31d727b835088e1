// Json scan: the grammar of JSON over bytes. Every method is given where something begins and answers the position after
// it, or −1 where it is not well formed; positions travel as arguments and answers, which engines keep in registers.
// Invariants
//   G1 nothing at or beyond `end` is looked at.
//   G2 strings are valid UTF-8 without control characters; numbers, literals and structure are what JSON.parse accepts.
//   G3 a number of at most 15 digits and a power of ten of at most 22 is exact by one multiplication or division of exact
//      doubles (Clinger, 1990); any other is left to Number.

import { POWER_MAX, powersOfTen } from './decimal.ts'

/** Objects and arrays within each other; the outermost is the first. */
export const depthMax = 64
const DIGITS_MAX = 15

const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const BACKSLASH = 0x5c
const EXPONENT = 0x65
const TRUE = [0x74, 0x72, 0x75, 0x65]
const FALSE = [0x66, 0x61, 0x6c, 0x73, 0x65]
const NULL = [0x6e, 0x75, 0x6c, 0x6c]

/** 1 for the bytes that stand for themselves in a string: ASCII but control characters, quote and backslash. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte >= SPACE && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH),
)

/** The position of the first byte that is no white space. */
export function afterSpace(bytes: Uint8Array, at: number, end: number): number {
  let next = at
  while (next < end) {
    const byte = bytes[next]!
    if (byte > SPACE || (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break
    next++
  }
  return next
}

/** The text of the string whose quotes enclose [from, to), known to be well formed. */
export function unescaped(bytes: Uint8Array, from: number, to: number): string {
  const quoted = Buffer.from(bytes.buffer, bytes.byteOffset + from - 1, to - from + 2).toString()
  const text: unknown = JSON.parse(quoted)
  return String(text)
}

export class JsonScan {
  /** Whether the string last scanned has escapes. */
  escaped = false
  /** Of the number last scanned by `number`. */
  value = 0
  integer = false

  string(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== QUOTE) return -1
    this.escaped = false
    let next = at + 1
    for (;;) {
      while (next < end && PLAIN[bytes[next]!] === 1) next++
      if (next >= end) return -1
      const byte = bytes[next]!
      if (byte === QUOTE) return next + 1
      if (byte < SPACE) return -1
      if (byte === BACKSLASH) {
        this.escaped = true
        next = afterEscape(bytes, next, end)
      } else next = afterSequence(bytes, next, end)
      if (next < 0) return -1
    }
  }

  /** Any value; `depth` is the depth it would have as an object or array. */
  skip(bytes: Uint8Array, at: number, end: number, depth: number): number {
    if (at >= end) return -1
    switch (bytes[at]) {
      case QUOTE:
        return this.string(bytes, at, end)
      case 0x7b:
        return this.#object(bytes, at + 1, end, depth)
      case 0x5b:
        return this.#array(bytes, at + 1, end, depth)
      case 0x74:
        return afterWord(bytes, at, end, TRUE)
      case 0x66:
        return afterWord(bytes, at, end, FALSE)
      case 0x6e:
        return afterWord(bytes, at, end, NULL)
      default:
        return afterNumber(bytes, at, end)
    }
  }

  #object(bytes: Uint8Array, at: number, end: number, depth: number): number {
    if (depth > depthMax) return -1
    let next = afterSpace(bytes, at, end)
    if (next < end && bytes[next] === 0x7d) return next + 1
    for (;;) {
      next = this.string(bytes, next, end)
      if (next < 0) return -1
      next = afterSpace(bytes, next, end)
      if (next >= end || bytes[next] !== COLON) return -1
      next = this.skip(bytes, afterSpace(bytes, next + 1, end), end, depth + 1)
      if (next < 0) return -1
      next = afterSpace(bytes, next, end)
      if (next >= end) return -1
      if (bytes[next] === 0x7d) return next + 1
      if (bytes[next] !== COMMA) return -1
      next = afterSpace(bytes, next + 1, end)
    }
  }

  #array(bytes: Uint8Array, at: number, end: number, depth: number): number {
    if (depth > depthMax) return -1
    let next = afterSpace(bytes, at, end)
    if (next < end && bytes[next] === 0x5d) return next + 1
    for (;;) {
      next = this.skip(bytes, next, end, depth + 1)
      if (next < 0) return -1
      next = afterSpace(bytes, next, end)
      if (next >= end) return -1
      if (bytes[next] === 0x5d) return next + 1
      if (bytes[next] !== COMMA) return -1
      next = afterSpace(bytes, next + 1, end)
    }
  }

  /** A number; leaves its value, and whether it is written as an integer. */
  number(bytes: Uint8Array, at: number, end: number): number {
    const after = afterNumber(bytes, at, end)
    if (after < 0) return -1
    const negative = bytes[at] === MINUS
    let mantissa = 0
    let digits = 0
    let next = negative ? at + 1 : at
    for (; next < after && isDigit(bytes[next]!); next++) {
      mantissa = mantissa * 10 + bytes[next]! - ZERO
      if (mantissa !== 0) digits++
    }
    this.integer = next === after
    let exponent = 0
    if (next < after && bytes[next] === POINT) {
      const fraction = ++next
      for (; next < after && isDigit(bytes[next]!); next++) {
        mantissa = mantissa * 10 + bytes[next]! - ZERO
        if (mantissa !== 0) digits++
      }
      exponent = fraction - next
    }
    if (digits > DIGITS_MAX || next < after || exponent < -POWER_MAX) {
      this.value = Number(Buffer.from(bytes.buffer, bytes.byteOffset + at, after - at).toString('latin1'))
    } else {
      const value = exponent === 0 ? mantissa : mantissa / powersOfTen[-exponent]!
      this.value = negative ? -value : value
    }
    return after
  }
}

function afterWord(bytes: Uint8Array, at: number, end: number, word: readonly number[]): number {
  if (end - at < word.length) return -1
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return -1
  return at + word.length
}

function afterNumber(bytes: Uint8Array, at: number, end: number): number {
  let next = at
  if (next < end && bytes[next] === MINUS) next++
  const first = next
  while (next < end && isDigit(bytes[next]!)) next++
  if (next === first || (bytes[first] === ZERO && next > first + 1)) return -1
  if (next < end && bytes[next] === POINT) {
    const fraction = ++next
    while (next < end && isDigit(bytes[next]!)) next++
    if (next === fraction) return -1
  }
  if (next < end && (bytes[next]! | SPACE) === EXPONENT) {
    next++
    if (next < end && (bytes[next] === MINUS || bytes[next] === PLUS)) next++
    const begin = next
    while (next < end && isDigit(bytes[next]!)) next++
    if (next === begin) return -1
  }
  return next
}

/** The escape at `at`. */
function afterEscape(bytes: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end) return -1
  switch (bytes[at + 1]) {
    case QUOTE:
    case BACKSLASH:
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

/** The UTF-8 sequence of several bytes at `at`: no overlong form, no surrogate, nothing beyond U+10FFFF. */
function afterSequence(bytes: Uint8Array, at: number, end: number): number {
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

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}

function isHex(byte: number): boolean {
  const lower = byte | SPACE
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66)
}
