// The twin's activations: assembly/activation.ts in plain TypeScript, to the same bits.

import { curveCodes } from './program.ts'

const f = Math.fround
/** tanh(x) = x · P(x²) / Q(x²), coefficients from the highest power down. */
export const P = [1.33547191083494e-8, 2.060912811430171e-5, 0.0034955909941345453, 0.13381028175354004, 1].map(f)
export const Q = [7.77658271999826e-7, 0.00032856393954716623, 0.02587699331343174, 0.4671434462070465, 1].map(f)

/** The kernel's minimum: a where the two cannot be compared. */
export function pmin(a: number, b: number): number {
  // biome-ignore lint/complexity/useMathMinMax: Math.min answers NaN where the kernel answers a.
  return b < a ? b : a
}

export function pmax(a: number, b: number): number {
  // biome-ignore lint/complexity/useMathMinMax: Math.max answers NaN where the kernel answers a.
  return a < b ? b : a
}

export function tanh(value: number): number {
  const x = pmax(-9, pmin(9, value))
  const u = f(x * x)
  let p = P[0]!
  let q = Q[0]!
  for (let i = 1; i < 5; i++) {
    p = f(f(p * u) + P[i]!)
    q = f(f(q * u) + Q[i]!)
  }
  const y = f(f(x * p) / q)
  return pmax(-1, pmin(1, y))
}

/** The larger of x and x·slope; then the curve of that code. */
export function activate(slope: number, code: number, sum: number): number {
  const x = pmax(sum, f(sum * slope))
  if (code === curveCodes.tanh) return tanh(x)
  if (code === curveCodes.sigmoid) return f(0.5 + f(0.5 * tanh(f(x * 0.5))))
  return x
}
