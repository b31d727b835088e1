// Combination: one score of a row from those of its members.
// Invariants
//   N1 scores are finite and ≥ 0 whatever the members say, and rise (never fall) with each of theirs.
// Members of different kinds speak in different units, so each score is first turned into how surprising it is among
// normal rows, in nats; then ln of the weighted mean of exp(sharpness · nats) lets the loudest lead: a row that one member
// finds absurd is anomalous though the others shrug.

import { exp, log } from '../core/elementary.ts'
import type { Combination, Surprise } from './model.ts'

const scoreMax = 3.4028234663852886e38

/** Fills `scores` from the first `count` scores of each member. */
export type Combine = (count: number, members: readonly Float32Array[], scores: Float32Array) => void

export function combine(combination: Combination): Combine {
  switch (combination.kind) {
    case 'mean':
      return mean
    case 'surprise':
      return surprised(combination)
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

type Surprised = Combination & { readonly kind: 'surprise' }

function surprised({ sharpness, parts }: Surprised): Combine {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0)
  const shares = parts.map(({ weight }) => weight / total)
  const surprises = parts.map(({ surprise }) => surpriseOf(surprise))
  const nats = new Float64Array(parts.length)
  return (count, members, scores) => {
    for (let row = 0; row < count; row++) {
      let loudest = 0
      for (let m = 0; m < nats.length; m++) {
        const value = sharpness * surprises[m]!(members[m]![row]!)
        nats[m] = value
        if (value > loudest) loudest = value
      }
      let sum = 0
      for (let m = 0; m < nats.length; m++) sum += shares[m]! * exp(nats[m]! - loudest)
      scores[row] = Math.max(0, bounded((loudest + log(sum)) / sharpness))
    }
  }
}

/** From a member's score to its surprise in nats. */
export function surpriseOf({ at, nats, rate }: Surprise): (score: number) => number {
  const places = Float64Array.from(at)
  const values = Float64Array.from(nats)
  const last = places.length - 1
  return (score) => {
    const x = log(bounded(score))
    if (!(x > places[0]!)) return values[0]!
    if (x >= places[last]!) return values[last]! + rate * (x - places[last]!)
    let low = 0
    let high = last
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (places[middle]! <= x) low = middle
      else high = middle
    }
    const share = (x - places[low]!) / (places[high]! - places[low]!)
    return values[low]! + share * (values[high]! - values[low]!)
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
    case 'surprise': {
      const { sharpness, parts } = combination
      const nats = parts.map(({ surprise }, m) => sharpness * surpriseOf(surprise)(scores[m]!))
      const loudest = Math.max(...nats)
      return parts.map(({ weight }, m) => weight * exp(nats[m]! - loudest))
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
