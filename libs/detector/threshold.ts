// Threshold: reads a calibration. From a score to the calibrated probability that a normal row scores at least as high.
// Invariants
//   T1 p falls (never rises) as the score rises, and lies in (0, 1].
//   T2 between two knots p is that of the lower one: it errs towards normal.
//   T3 above the greatest calibration score the fitted tail decides, and never claims more than the last knot.

import { exp, log } from '../core/elementary.ts'
import type { Calibration, Tail } from './model.ts'

/** Below this no probability is told apart: it would be the tail's extrapolation alone. */
const pMin = 1e-12

export function pValue(calibration: Calibration, score: number): number {
  const { knotScores, knotPs, tail } = calibration
  // The knot p = P(S ≥ knot), so a score in (knot[i − 1], knot[i]] is given knot[i − 1]'s, the larger.
  let low = 0
  let high = knotScores.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (knotScores[middle]! <= score) low = middle + 1
    else high = middle
  }
  const empirical = low === 0 ? 1 : knotPs[low - 1]!
  if (tail === null || score <= Math.max(tail.level, knotScores.at(-1) ?? 0)) return empirical
  return Math.max(pMin, Math.min(empirical, tailProbability(tail, score)))
}

/** P(S > score) = (N/n) · (1 + γ (score − t)/σ)^(−1/γ); with γ → 0 the exponential; 0 beyond the end of its support. */
export function tailProbability(tail: Tail, score: number): number {
  const { level, shape, scale, excesses, count } = tail
  const y = (score - level) / scale
  const share = excesses / count
  if (Math.abs(shape) < 1e-6) return share * exp(-y)
  const base = 1 + shape * y
  return base <= 0 ? 0 : share * exp(-log(base) / shape)
}
