// Elementary functions in double precision from +, −, ×, ÷ and √ alone, which IEEE 754 fixes to the bit. Numbers between
// record and score use these, never Math.log and its kin, whose last bits may change with the engine.
// Accuracy: within 4 units in the last place of Math's on the ranges that the tests sweep.
// Sources: argument reduction as in Cody and Waite (1980); log by the series of 2·atanh((m − 1)/(m + 1)).

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
/** Which of the words has the exponent: the second where the machine is little-endian. */
const HIGH = new Uint8Array(Uint16Array.of(1).buffer)[0]!
/** 2^(i − POWER_ONE), exactly, from 2^−1024 to 2^1023. */
const POWER_ONE = 1024
const powers = new Float64Array(2048)
powers[POWER_ONE] = 1
for (let i = POWER_ONE + 1; i < 2048; i++) powers[i] = powers[i - 1]! * 2
for (let i = POWER_ONE - 1; i >= 0; i--) powers[i] = powers[i + 1]! / 2
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
const INVERSE_LN2 = Math.LOG2E
const SQRT_HALF = Math.SQRT1_2
/** The least number with all the bits of a double. */
const NORMAL_MIN = 2.2250738585072014e-308
const HALF_PI_HIGH = 1.5707963267341256
const HALF_PI_LOW = 6.077100506506192e-11

/** Natural logarithm; −Infinity at 0, NaN below. */
export function log(x: number): number {
  if (x >= NORMAL_MIN && x < Number.POSITIVE_INFINITY) return logarithm(x, 0)
  if (x > 0) return x < NORMAL_MIN ? logarithm(x * 18014398509481984, -54) : x
  return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
}

/** log(x) + exponent · log(2) of a normal number x. */
function logarithm(x: number, exponent: number): number {
  double[0] = x
  const bits = words[HIGH]! >>> 20
  // In [0.5, 1), exactly: a product with a power of two. Writing the exponent's bits instead would wait for the memory.
  const half = x * powers[1022 - bits + POWER_ONE]!
  // −1 below √½, 0 from there on: a branch would be taken at random, and be mispredicted as often.
  const below = Math.floor(half - SQRT_HALF)
  const m = half - half * below
  const e = bits - 1022 + exponent + below
  const f = m - 1
  const z = f / (m + 1)
  const w = z * z
  // Σ w^k / (2k + 1), k ≥ 1; |z| ≤ 0.1716, so 11 terms reach the last place. Written out: a loop divides each time.
  const far = (((((1 / 23) * w + 1 / 21) * w + 1 / 19) * w + 1 / 17) * w + 1 / 15) * w + 1 / 13
  const series = ((((far * w + 1 / 11) * w + 1 / 9) * w + 1 / 7) * w + 1 / 5) * w + 1 / 3
  return e * LN2_HIGH + (2 * z + (2 * z * w * series + e * LN2_LOW))
}

/** log(1 + x), accurate near 0. */
export function log1p(x: number): number {
  const u = 1 + x
  if (u >= NORMAL_MIN && u < Number.POSITIVE_INFINITY) return u === 1 ? x : logarithm(u, 0) + (x - (u - 1)) / u
  return log(u)
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
  return result * powers[k + POWER_ONE]!
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
  // Factors 1 / (k · (k + 1)), k = 18, 16, … 2, written out: a loop divides each time.
  const far = 1 - w * (1 / 210) * (1 - w * (1 / 272) * (1 - w * (1 / 342)))
  const near = 1 - w * (1 / 72) * (1 - w * (1 / 110) * (1 - w * (1 / 156) * far))
  return x * (1 - w * (1 / 6) * (1 - w * (1 / 20) * (1 - w * (1 / 42) * near)))
}

function cosineSeries(x: number): number {
  const w = x * x
  const far = 1 - w * (1 / 182) * (1 - w * (1 / 240) * (1 - w * (1 / 306)))
  const near = 1 - w * (1 / 56) * (1 - w * (1 / 90) * (1 - w * (1 / 132) * far))
  return 1 - w * (1 / 2) * (1 - w * (1 / 12) * (1 - w * (1 / 30) * near))
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
