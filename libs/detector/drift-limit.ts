// Drift limit: how large a statistic of a time's rows may be before chance does not explain it, from what it was on the times
// of a history. Of independent rows it is a multiple of χ² with as many degrees of freedom as there are bins less one; where
// rows hang together in time, or days have their course, it is larger and of fewer: both are read off its mean and its
// variance over the times (Welch and Satterthwaite). A new time beside the mean of B others then follows Fisher's F.
// Invariants
//   L1 a smaller rate never gives a lower limit, and no limit is below mostFactor times what any time of the history had.
// Sources: Satterthwaite (1946); Paulson, An approximate normalization of the analysis of variance distribution (1942).

import { normalQuantile } from './normal-quantile.ts'

/** What a statistic was over the times of a history. */
export interface Usual {
  readonly mean: number
  /** Degrees of freedom. */
  readonly freedom: number
  readonly most: number
}

const mostFactor = 1.5
/** A variance of few times says little: degrees of freedom are held to be fewer, as if half were seen at so many times. */
const timesHalf = 8

/** `freedomMax`: where rows were independent. */
export function usualOf(values: readonly number[], freedomMax: number): Usual {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1)
  const found = variance > 0 ? (2 * mean * mean) / variance : freedomMax
  return {
    mean,
    freedom: Math.max(1, (Math.min(freedomMax, found) * values.length) / (values.length + timesHalf)),
    most: values.reduce((most, value) => Math.max(most, value), 0),
  }
}

/** Exceeded at the rate by the statistic of one more time, of `times` that `usual` comes from. */
export function limitOf({ mean, freedom, most }: Usual, times: number, rate: number): number {
  return Math.max(mostFactor * most, mean * fisherQuantile(freedom, freedom * times, rate))
}

/** Of F with these degrees of freedom, exceeded at the rate; infinite where the approximation ends. */
export function fisherQuantile(freedom: number, freedomBelow: number, rate: number): number {
  const z = normalQuantile(1 - rate)
  const a = 2 / (9 * freedom)
  const b = 2 / (9 * freedomBelow)
  const square = (1 - b) ** 2 - z * z * b
  if (square <= 0) return Number.POSITIVE_INFINITY
  const middle = (1 - a) * (1 - b)
  const root = (middle + Math.sqrt(Math.max(0, middle ** 2 - square * ((1 - a) ** 2 - z * z * a)))) / square
  return root ** 3
}
