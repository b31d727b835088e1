// Sampler: what a variational detector keeps of the rows it learnt from, so that rows can be made up (generate.ts): codes of
// some of them with the deviations of their clouds, what the network left unsaid of each, and for each column where values
// that are drawn lie and where those of rows did, share by share. Rows
// are scaled, but for the values of the last: scaled and back, one that comes again and again would not be met.

export interface Sampler {
  /** Rows of which it keeps codes, at least 2. */
  readonly count: number
  /** Columns of a code. */
  readonly columns: number
  /** Row-major count × columns; deviations ≥ 0. */
  readonly codes: Float32Array
  readonly deviations: Float32Array
  /** Row minus its reconstruction, row-major count × width; 0 where a value was missing. */
  readonly unsaid: Float32Array
  /**
   * Of each column, equal shares of drawn values and of rows', these in their own units, lie between; row-major
   * width × samplerKnots, ascending.
   */
  readonly drawn: Float32Array
  readonly wanted: Float32Array
}

export const samplerKnots = 65
/** Different knots of a column between whose values there are none. */
const steppedMax = 8

/** Knots of a column's values, in any order; zeros where there is none. Of few different values each knot is one. */
export function knotsOf(values: Float32Array): Float32Array {
  const sorted = values.slice().sort()
  const last = sorted.length - 1
  const isStepped = sorted.reduce((steps, value, i) => steps + Number(value !== sorted[i - 1]), 0) <= steppedMax
  return Float32Array.from({ length: samplerKnots }, (_, k) => {
    if (last < 0) return 0
    const place = (k * last) / (samplerKnots - 1)
    if (isStepped) return sorted[Math.round(place)]!
    const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!]
    return low + (place - Math.floor(place)) * (high - low)
  })
}

/** From a drawn value to the one that as many rows lie below; a column of few values gives these alone. */
export function placed(drawn: Float32Array, wanted: Float32Array, value: number): number {
  const last = samplerKnots - 1
  if (!(value > drawn[0]!)) return wanted[0]!
  if (value >= drawn[last]!) return wanted[last]!
  let low = 0
  let high = last
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (drawn[middle]! <= value) low = middle
    else high = middle
  }
  const share = (value - drawn[low]!) / (drawn[high]! - drawn[low]!)
  if (new Set(wanted).size <= steppedMax) return wanted[share < 0.5 ? low : high]!
  return wanted[low]! + share * (wanted[high]! - wanted[low]!)
}
