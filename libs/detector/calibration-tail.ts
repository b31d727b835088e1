// The tail of normal scores: a generalised Pareto distribution fitted to the excesses over a high level, for alarm rates
// beyond what the sample itself can show. Two estimates are made, by moments and by maximum likelihood; the likelier is kept.
// Invariants
//   P1 shape and scale are finite, scale > 0, shape within ±shapeMax.
//   P2 the quantile rises as the rate falls and is finite; below shape 0 it stays under the end of the support.
// Sources: Hosking and Wallis (1987) for the moments; Grimshaw (1993) for the reduction of the likelihood to one parameter;
// Siffer et al., Anomaly detection in streams with extreme value theory (2017) for the use.

import { exp, log, log1p } from '../core/elementary.ts'
import type { Tail } from './model.ts'

const excessShare = 0.02
const excessesWanted = 40
const excessesMax = 500
/** At most this share of the scores is called tail, however few there are. */
const tailShareMax = 0.2
const excessesMin = 10
const shapeMax = 0.9
const searchPoints = 200

/** Null where the scores have no tail to fit: too few, or all equal at the top. */
export function fitTail(sorted: Float32Array): Tail | null {
  const count = sorted.length
  const wanted = Math.min(excessesMax, Math.max(excessesWanted, Math.ceil(excessShare * count)))
  const size = Math.min(wanted, Math.floor(tailShareMax * count))
  if (size < excessesMin) return null
  const level = sorted[count - size - 1]!
  const excesses: number[] = []
  for (let i = count - size; i < count; i++) if (sorted[i]! > level) excesses.push(sorted[i]! - level)
  return tailOf(level, excesses, count)
}

/** Of the excesses over `level` among `count` scores; null where there are too few. */
export function tailOf(level: number, excesses: readonly number[], count: number): Tail | null {
  if (excesses.length < excessesMin) return null
  const candidates = [byMoments(excesses), ...byLikelihood(excesses)]
  let best: Shape | null = null
  for (const candidate of candidates) {
    if (best === null || likelihood(excesses, candidate) > likelihood(excesses, best)) best = candidate
  }
  if (best === null || !(best.scale > 0)) return null
  return { level, shape: Math.fround(best.shape), scale: Math.fround(best.scale), excesses: excesses.length, count }
}

/** The score that a share `rate` of normal scores exceeds; at most the tail's own share makes sense. */
export function tailQuantile({ level, shape, scale, excesses, count }: Tail, rate: number): number {
  const ratio = Math.min(1, (rate * count) / excesses)
  if (Math.abs(shape) < 1e-6) return level - scale * log(ratio)
  return level + (scale / shape) * (exp(-shape * log(ratio)) - 1)
}

interface Shape {
  readonly shape: number
  readonly scale: number
}

function byMoments(excesses: readonly number[]): Shape {
  let mean = 0
  for (const y of excesses) mean += y / excesses.length
  let variance = 0
  for (const y of excesses) variance += ((y - mean) * (y - mean)) / excesses.length
  const ratio = variance > 0 ? (mean * mean) / variance : 1
  const shape = Math.max(-shapeMax, Math.min(shapeMax, 0.5 * (1 - ratio)))
  // With the shape held at a bound the scale keeps the mean.
  return { shape, scale: mean * (1 - shape) }
}

/** With θ = shape / scale the likelihood has one free parameter: shape(θ) = mean log(1 + θ y). */
function byLikelihood(excesses: readonly number[]): Shape[] {
  const mean = excesses.reduce((sum, y) => sum + y, 0) / excesses.length
  const greatest = Math.max(...excesses)
  const found: Shape[] = []
  for (let i = 1; i < searchPoints; i++) {
    const share = i / searchPoints
    const thetas = [-share / greatest, (share * share * share * 50) / mean]
    for (const theta of thetas) {
      let sum = 0
      for (const y of excesses) sum += log1p(theta * y)
      const shape = sum / excesses.length
      if (Math.abs(shape) < 1e-9 || Math.abs(shape) > shapeMax) continue
      found.push({ shape, scale: shape / theta })
    }
  }
  return found
}

function likelihood(excesses: readonly number[], { shape, scale }: Shape): number {
  if (!(scale > 0)) return Number.NEGATIVE_INFINITY
  let sum = -excesses.length * log(scale)
  for (const y of excesses) {
    if (Math.abs(shape) < 1e-6) {
      sum -= y / scale
      continue
    }
    const base = 1 + (shape * y) / scale
    if (base <= 0) return Number.NEGATIVE_INFINITY
    sum -= (1 + 1 / shape) * log(base)
  }
  return sum
}
