// Elementary functions in double precision from +, −, ×, ÷ and √ alone, which IEEE 754 fixes to the bit. Numbers between
// record and score use these, never Math.log and its kin, whose last bits may change with the engine.
// Accuracy: within 4 units in the last place of Math's on the ranges that the tests sweep.
// Sources: argument reduction as in Cody and Waite (1980); log by the series of 2·atanh((m − 1)/(m + 1)).

const scratch = new DataView(new ArrayBuffer(8))
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
const INVERSE_LN2 = Math.LOG2E
const SQRT_HALF = Math.SQRT1_2
const HALF_PI_HIGH = 1.5707963267341256
const HALF_PI_LOW = 6.077100506506192e-11

/** Natural logarithm; −Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  let exponent = 0
  let scaled = x
  if (x < 2.2250738585072014e-308) {
    scaled = x * 18014398509481984
    exponent = -54
  }
  scratch.setFloat64(0, scaled)
  const high = scratch.getUint32(0)
  exponent += ((high >>> 20) & 2047) - 1022
  scratch.setUint32(0, (high & 0x000fffff) | 0x3fe00000)
  let m = scratch.getFloat64(0)
  if (m < SQRT_HALF) {
    m *= 2
    exponent -= 1
  }
  const f = m - 1
  const z = f / (m + 1)
  const w = z * z
  // Σ w^k / (2k + 1), k ≥ 1; |z| ≤ 0.1716, so 11 terms reach the last place.
  let series = 1 / 23
  for (let k = 21; k >= 3; k -= 2) series = series * w + 1 / k
  return exponent * LN2_HIGH + (2 * z + (2 * z * w * series + exponent * LN2_LOW))
}

/** log(1 + x), accurate near 0. */
export function log1p(x: number): number {
  const u = 1 + x
  if (u === 1) return x
  if (u === Number.POSITIVE_INFINITY) return u
  return log(u) + (x - (u - 1)) / u
}

/** e^x. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY
  if (x < -745.1332191019412) return 0
  const k = Math.floor(x * INVERSE_LN2 + 0.5)
  const r = x - k * LN2_HIGH - k * LN2_LOW
  let series = 1
  for (let i = 14; i >= 1; i--) series = 1 + (series * r) / i
  return power2(series, k)
}

/** e^x − 1, accurate near 0. */
export function expm1(x: number): number {
  if (x > -0.4 && x < 0.4) {
    let series = 1
    for (let i = 16; i >= 2; i--) series = 1 + (series * x) / i
    return x * series
  }
  return exp(x) - 1
}

/** 2^x. */
export function exp2(x: number): number {
  const k = Math.floor(x + 0.5)
  if (k < -1100) return 0
  if (k > 1100) return Number.POSITIVE_INFINITY
  return power2(exp((x - k) * Math.LN2), k)
}

function power2(value: number, exponent: number): number {
  let result = value
  let k = exponent
  while (k > 1000) {
    result *= 1.0715086071862673e301
    k -= 1000
  }
  while (k < -1000) {
    result *= 9.332636185032189e-302
    k += 1000
  }
  scratch.setUint32(0, (k + 1023) << 20)
  scratch.setUint32(4, 0)
  return result * scratch.getFloat64(0)
}

/** sine and cosine of a full turn times `fraction`: sin(2π·fraction), for phases; any finite fraction. */
export function turn(fraction: number, part: 'sin' | 'cos'): number {
  const phase = fraction - Math.floor(fraction)
  const quarters = Math.floor(phase * 4 + 0.5)
  const r = phase * 4 - quarters
  const x = r * HALF_PI_HIGH + r * HALF_PI_LOW
  const quadrant = (quarters + (part === 'cos' ? 1 : 0)) & 3
  const value = (quadrant & 1) === 0 ? sineSeries(x) : cosineSeries(x)
  return quadrant >= 2 ? -value : value
}

function sineSeries(x: number): number {
  const w = x * x
  let series = 1
  for (let k = 18; k >= 2; k -= 2) series = 1 - (series * w) / (k * (k + 1))
  return x * series
}

function cosineSeries(x: number): number {
  const w = x * x
  let series = 1
  for (let k = 18; k >= 2; k -= 2) series = 1 - (series * w) / (k * (k - 1))
  return series
}

/** The fraction of a full turn in [0, 1) whose sine and cosine are given (any common scale); 0 for (0, 0). */
export function phaseOf(sine: number, cosine: number): number {
  if (sine === 0 && cosine === 0) return 0
  // Bisection on the turn itself: exact enough for explanations, and free of Math.atan2.
  let low = 0
  let high = 1
  const norm = Math.sqrt(sine * sine + cosine * cosine)
  const upper = sine >= 0
  low = upper ? 0 : 0.5
  high = upper ? 0.5 : 1
  const target = cosine / norm
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2
    const falls = turn(middle, 'cos') > target
    if (falls === upper) low = middle
    else high = middle
  }
  const phase = (low + high) / 2
  return phase >= 1 ? 0 : phase
}
