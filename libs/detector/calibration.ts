// Calibration: from scores of rows no fit has seen, to a threshold for an alarm rate. Owns no state; does no I/O.
// Invariants
//   C1 the threshold is monotone: a lower alarm rate never gives a lower threshold.
//   C2 every returned number is finite; a sample too small for any statement is refused, and `method` says what was used.
//   C3 ties count against us: p(s) = (1 + #{i: s_i ≥ s}) / (n + 1).
// Why not a quantile of the training scores: they are too low (with 200 rows a target of 1 % became 6.6 %).
// Sources: split conformal prediction (Vovk, Gammerman and Shafer, 2005); peaks over threshold (Pickands, 1975).

import { Failure } from '../core/failure.ts'
import { fitTail, tailQuantile } from './calibration-tail.ts'
import type { Calibration, Tail } from './model.ts'

/** Fewer calibration rows say nothing about any useful rate. */
export const calibrationRowsMin = 50
/** Scores above a conformal threshold that make it steady enough; with fewer the tail decides. */
const alarmsMin = 10
const knotsMax = 512
/** The largest scores are all knots. */
const topKnots = 128
const rateMin = 1e-9
const rateMax = 0.5

/** The alarm rate per scored row that a budget means, at the measured rate of rows. */
export function alphaOf(
  alarms: { readonly kind: 'rate'; readonly rate: number } | { readonly kind: 'per-day'; readonly perDay: number },
  rowsPerDay: number,
): number {
  switch (alarms.kind) {
    case 'rate':
      return clamp(alarms.rate)
    case 'per-day':
      return clamp(alarms.perDay / Math.max(rowsPerDay, 1))
    default:
      return alarms satisfies never
  }
}

function clamp(rate: number): number {
  return Math.min(rateMax, Math.max(rateMin, rate))
}

/** Of a model that has none yet. */
export const uncalibrated: Calibration = {
  alpha: 1,
  threshold: 0,
  method: 'conformal',
  count: 0,
  knotScores: new Float32Array(0),
  knotPs: new Float32Array(0),
  tail: null,
  keys: null,
}

/**
 * `scores` are those of rows that no fit has seen, in any order. `least` is the lowest threshold of a rate so small that not
 * one alarm is expected among them: of rows that overlap, the tail says less than it seems to.
 */
export function calibrate(scores: Float32Array, alpha: number, least = 0): Calibration {
  const count = scores.length
  if (count < calibrationRowsMin)
    throw new Failure('data-too-little', `${count} rows to calibrate on, ${calibrationRowsMin} are needed`)
  const sorted = scores.slice().sort()
  const tail = fitTail(sorted)
  const { threshold: found, method } = thresholdOf(sorted, tail, alpha)
  const threshold = count * alpha < 1 ? Math.max(found, least) : found
  return { alpha, threshold, method, count, ...knots(sorted), tail, keys: null }
}

/** The conformal quantile, or beyond its reach that of the tail. */
function thresholdOf(
  sorted: Float32Array,
  tail: Tail | null,
  alpha: number,
): { threshold: number; method: Calibration['method'] } {
  const count = sorted.length
  const conformal = (alarms: number): number => sorted[count - Math.max(1, alarms)]!
  const alarms = Math.floor((count + 1) * alpha)
  if (alarms >= alarmsMin || tail === null) return { threshold: conformal(alarms), method: 'conformal' }
  // Never below what the same scores say of the smallest rate they can speak for (C1).
  const threshold = Math.fround(Math.max(tailQuantile(tail, alpha), conformal(alarmsMin)))
  return { threshold, method: 'pareto' }
}

/** Some of the scores, the greatest all, with how rare a normal score at least as high is. */
function knots(sorted: Float32Array): { knotScores: Float32Array; knotPs: Float32Array } {
  const count = sorted.length
  const chosen: number[] = []
  const body = Math.max(0, count - topKnots)
  const bodyKnots = Math.min(body, knotsMax - topKnots)
  for (let i = 0; i < bodyKnots; i++) chosen.push(Math.floor((i * body) / bodyKnots))
  for (let i = body; i < count; i++) chosen.push(i)
  const knotScores: number[] = []
  const knotPs: number[] = []
  for (const index of chosen) {
    const score = sorted[index]!
    if (knotScores.length > 0 && score <= knotScores.at(-1)!) continue
    let first = index
    while (first > 0 && sorted[first - 1] === score) first--
    knotScores.push(score)
    knotPs.push((1 + count - first) / (count + 1))
  }
  return { knotScores: Float32Array.from(knotScores), knotPs: Float32Array.from(knotPs) }
}
