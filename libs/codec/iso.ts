// Iso: ISO 8601 date and time, read from bytes to milliseconds since 1970 UTC, without Date and without a string.
// `YYYY-MM-DD`, or with `T` (or a space), `hh:mm`, optional `:ss`, optional fraction, optional `Z` or offset.
// Invariants
//   S1 what has no offset is UTC: the answer never depends on the machine.
//   S2 fractions below a millisecond are cut off, as Date does; a second of 60 is the first of the next minute.

const DAY_MS = 86_400_000

/** NaN when the text is no such time. */
export function isoMs(bytes: Uint8Array, at: number, length: number): number {
  const end = at + length
  if (length < 10 || bytes[at + 4] !== 0x2d || bytes[at + 7] !== 0x2d) return Number.NaN
  const year = digits2(bytes, at) * 100 + digits2(bytes, at + 2)
  const month = digits2(bytes, at + 5)
  const day = digits2(bytes, at + 8)
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return Number.NaN
  const dayMs = daysOf(year, month, day) * DAY_MS
  if (length === 10) return dayMs
  const mark = bytes[at + 10]
  if ((mark !== 0x54 && mark !== 0x74 && mark !== 0x20) || length < 16 || bytes[at + 13] !== 0x3a) return Number.NaN
  const hour = digits2(bytes, at + 11)
  const minute = digits2(bytes, at + 14)
  let second = 0
  let ms = 0
  let next = at + 16
  if (next < end && bytes[next] === 0x3a) {
    if (end - next < 3) return Number.NaN
    second = digits2(bytes, next + 1)
    next += 3
    if (next < end && (bytes[next] === 0x2e || bytes[next] === 0x2c)) {
      const from = next + 1
      let scale = 100
      for (next = from; next < end && isDigit(bytes[next]!); next++) {
        if (next - from < 3) ms += (bytes[next]! - 48) * scale
        scale /= 10
      }
      if (next === from) return Number.NaN
    }
  }
  const withinDay = hour * 3_600_000 + minute * 60_000 + second * 1000 + ms
  if (!(minute < 60 && second <= 60 && (hour < 24 || withinDay === DAY_MS))) return Number.NaN
  return dayMs + withinDay - offsetMs(bytes, next, end)
}

function offsetMs(bytes: Uint8Array, at: number, end: number): number {
  if (at === end) return 0
  const sign = bytes[at]
  if (sign === 0x5a || sign === 0x7a) return at + 1 === end ? 0 : Number.NaN
  if (sign !== 0x2b && sign !== 0x2d) return Number.NaN
  const colon = end - at === 6 && bytes[at + 3] === 0x3a
  if (!colon && end - at !== 5 && end - at !== 3) return Number.NaN
  const hours = digits2(bytes, at + 1)
  const minutes = end - at === 3 ? 0 : digits2(bytes, colon ? at + 4 : at + 3)
  if (!(hours < 24 && minutes < 60)) return Number.NaN
  const magnitude = hours * 3_600_000 + minutes * 60_000
  return sign === 0x2d ? -magnitude : magnitude
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57
}

/** Two digits, or NaN. */
function digits2(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 48
  const ones = bytes[at + 1]! - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Days since 1970-01-01 in the Gregorian calendar, counted in years that begin with March (after H. Hinnant). */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
