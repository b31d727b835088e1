// Surprise: from a member's scores of normal rows that it has not seen, how surprising any score of its is, in nats. The
// body is the empirical distribution; beyond, the logarithm of the scores is taken to fall off exponentially, so that the
// surprise of a far score rises with its logarithm.
// Source of the tail: Hill, A simple general approach to inference about the tail of a distribution (1975).

import { log } from '../core/elementary.ts'
import type { Combination, Surprise } from './model.ts'

const bodyShare = 0.95
const bodyKnots = 60
/** Least mean of the tail, in ln score: a member whose scores hardly differ is not to shout. */
const tailMin = 0.02
/** Least ratio of a place to the one before. */
const apart = 1 + 1e-9
/** Scores below are all alike: they are what rounding leaves of an error of nothing. */
const scoreMin = 1e-6

/** `scores` ≥ 0, in any order, at least one. */
export function surpriseFrom(scores: Float32Array): Surprise {
  const sorted = new Float64Array(scores).sort()
  sorted.fill(scoreMin, 0, sorted.filter((score) => score < scoreMin).length)
  const at: number[] = []
  const nats: number[] = []
  for (let i = 0; i < bodyKnots; i++) {
    const share = (bodyShare * i) / (bodyKnots - 1)
    const place = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 1
    const before = at.at(-1)
    if (before !== undefined && place < before * apart) {
      // Of equal places the last stands: so many scores are not above it.
      if (at.length > 1) nats[nats.length - 1] = -log(1 - share)
      continue
    }
    at.push(place)
    nats.push(-log(1 - share))
  }
  const level = at.at(-1) ?? 1
  let sum = 0
  let beyond = 0
  for (const place of sorted) {
    if (place <= level) continue
    sum += log(place / level)
    beyond++
  }
  return { at, nats, rate: 1 / Math.max(tailMin, beyond === 0 ? 0 : sum / beyond) }
}

/** Members of the given weights (1 where none is), each heard by how surprising a score is among its `scores` of normal rows. */
export function surprising(
  sharpness: number,
  weights: readonly number[],
  scores: readonly Float32Array[],
): Combination {
  const parts = scores.map((own, m) => ({ weight: weights[m] ?? 1, surprise: surpriseFrom(own) }))
  return { kind: 'surprise', sharpness, parts }
}
