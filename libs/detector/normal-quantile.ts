// Normal quantile: where the standard normal has a given share below. The share below a place is a series that converges
// everywhere, and its inverse comes from a few steps of Newton's, which from the middle outwards never overshoot.
// Source of the series: Marsaglia, Evaluating the normal distribution (2004).

import { exp } from '../core/elementary.ts'

/** φ(0) = 1 / √(2π). */
const densityAtMiddle = 0.3989422804014327
/** Beyond, a share is as good as 0 or 1. */
const placeMax = 6
const stepsMax = 100
const enough = 1e-9

/** `share` in (0, 1). */
export function normalQuantile(share: number): number {
  const upper = Math.max(share, 1 - share)
  let place = 0
  for (let i = 0; i < stepsMax && place < placeMax; i++) {
    const density = densityAtMiddle * exp((-place * place) / 2)
    const step = (upper - 0.5 - density * series(place)) / density
    place += step
    if (step < enough) break
  }
  const found = Math.min(place, placeMax)
  return share < 0.5 ? -found : found
}

/** x + x³/3 + x⁵/(3·5) + … */
function series(x: number): number {
  let sum = x
  for (let term = x, odd = 3; term > enough * enough * sum; odd += 2) {
    term *= (x * x) / odd
    sum += term
  }
  return sum
}
