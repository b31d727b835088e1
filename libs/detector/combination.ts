// Combination: one score of a row from those of its members.
// Invariants
//   N1 scores are finite and ≥ 0 whatever the members say, and rise (never fall) with each of theirs.
// The soft maximum takes each member's score on a common scale, z = (ln s − centre) / spread of normal rows, and lets the
// loudest lead: a row that one member finds absurd is anomalous though the others shrug. What it gives is turned back into
// the scale of a distance, so that twice as far is about twice the score.

import { exp, log } from '../core/elementary.ts'
import type { Combination } from './model.ts'

const scoreMax = 3.4028234663852886e38

/** Fills `scores` from the first `count` scores of each member. */
export type Combine = (count: number, members: readonly Float32Array[], scores: Float32Array) => void

export function combine(combination: Combination): Combine {
  switch (combination.kind) {
    case 'mean':
      return mean
    case 'soft-max':
      return softMax(combination)
    default:
      return combination satisfies never
  }
}

const mean: Combine = (count, members, scores) => {
  const share = 1 / members.length
  for (let row = 0; row < count; row++) {
    let sum = 0
    for (let m = 0; m < members.length; m++) sum += members[m]![row]!
    scores[row] = bounded(sum * share)
  }
}

function softMax({ sharpness, parts }: Combination & { readonly kind: 'soft-max' }): Combine {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0)
  const scale = parts.reduce((sum, { weight, spread }) => sum + weight * spread, 0) / total
  const shares = Float64Array.from(parts, ({ weight }) => weight / total)
  const centres = Float64Array.from(parts, ({ centre }) => centre)
  const rates = Float64Array.from(parts, ({ spread }) => sharpness / spread)
  const louder = new Float64Array(parts.length)
  return (count, members, scores) => {
    for (let row = 0; row < count; row++) {
      let loudest = Number.NEGATIVE_INFINITY
      for (let m = 0; m < louder.length; m++) {
        const value = (log(bounded(members[m]![row]!)) - centres[m]!) * rates[m]!
        louder[m] = value
        if (value > loudest) loudest = value
      }
      let sum = 0
      for (let m = 0; m < louder.length; m++) sum += shares[m]! * exp(louder[m]! - loudest)
      // All members at 0: the differences are no numbers, and the row is as normal as can be.
      scores[row] = loudest === Number.NEGATIVE_INFINITY ? 0 : bounded(exp(((loudest + log(sum)) / sharpness) * scale))
    }
  }
}

/** What part of a row's score is each member's, from their scores; the sum is 1, or all are 0. */
export function partsOf(combination: Combination, scores: readonly number[]): number[] {
  const weights = weightsOf(combination, scores.map(bounded))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => (total > 0 ? weight / total : 0))
}

function weightsOf(combination: Combination, scores: readonly number[]): readonly number[] {
  switch (combination.kind) {
    case 'mean':
      return scores
    case 'soft-max': {
      const { sharpness, parts } = combination
      const louder = parts.map(({ centre, spread }, m) => ((log(scores[m] ?? 0) - centre) * sharpness) / spread)
      const loudest = Math.max(...louder)
      return loudest === Number.NEGATIVE_INFINITY
        ? scores
        : parts.map(({ weight }, m) => weight * exp((louder[m] ?? 0) - loudest))
    }
    default:
      return combination satisfies never
  }
}

/** What is no number, or too large for one of 32 bits, is the largest of them. */
function bounded(score: number): number {
  // biome-ignore lint/complexity/useMathMinMax: Math.min answers NaN for what is no number.
  return score < scoreMax ? score : scoreMax
}
