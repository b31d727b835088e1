// Gate: whether a candidate may replace the incumbent. Both score the same held-out normal rows and the same anomalies made
// from them, each at its own threshold. Pure: two detectors and rows in, a verdict with its reasons and numbers out.
// Invariants
//   G1 the same detectors, rows and seed give the same answer.
//   G2 a refusal names every reason there is, not the first; a promotion names none.
//   G3 anything not finite, or too few rows to tell, is a refusal: doubt never promotes.
// An alarm rate is refused only when its 95 % interval lies outside of [½, 2] × the target, so that a small sample is not
// held against a candidate; recall only when it falls by more than its own sampling error.
// Source of the interval: Wilson (1927).

import type { Detector } from './detector.ts'
import { type AnomalyKind, anomalyKinds, injected } from './gate-anomalies.ts'
import { distanceOf } from './gate-shift.ts'
import type { Json } from './model.ts'

export interface GateRequest {
  readonly candidate: Detector
  readonly incumbent: Detector | null
  /** Rows that neither has been fitted or calibrated on, mostly normal, in the order of time; stride = width. */
  readonly rows: Float32Array
  readonly count: number
  readonly width: number
  /** For each column, the index of its feature. */
  readonly groups: Int32Array
  /** Alarm rate that the candidate was calibrated for. */
  readonly alpha: number
  readonly seed: number
}

export const gateReasons = [
  'too-few-rows',
  'not-finite',
  'alarm-rate', // outside of [½, 2] × target by its 95 % interval
  'recall', // finds fewer of the injected anomalies than the incumbent
  'blind', // a first detector that finds fewer than a robust z-score of each column
  'score-jump', // scores of the same rows are distributed otherwise than the incumbent's
  'threshold-jump',
] as const
export type GateReason = (typeof gateReasons)[number]

export interface GateResult {
  readonly verdict: 'promote' | 'refuse'
  /** The first reason of a refusal, for metrics; 'none' for a promotion. */
  readonly refusedBy: GateReason | 'none'
  /** For people: what was found, each beginning with its reason. */
  readonly reasons: readonly string[]
  /** Everything measured, for the artefact and for events. */
  readonly numbers: { readonly [key: string]: Json }
}

export const gateRowsMin = 50
const rateFactor = 2
/** Fewer alarms among the rows say nothing about a rate. */
const alarmsMin = 5
/** Recall may fall by this much, besides its sampling error. */
const recallMargin = 0.05
/** Largest distance between the two distributions of p-values, 0 to 1. */
const shiftMax = 0.5
/** Thresholds over the median score of the same rows may differ by this factor. */
const thresholdFactor = 10
const injectedMax = 300
const z95 = 1.96

export function gate(request: GateRequest): GateResult {
  const refusals: GateReason[] = []
  const reasons: string[] = []
  const refuse = (reason: GateReason, text: string): void => {
    refusals.push(reason)
    reasons.push(`${reason}: ${text}`)
  }
  const { candidate, incumbent, count, alpha } = request
  const numbers: { [key: string]: Json } = { rows: count, alpha, seed: request.seed }
  const result = (): GateResult => ({
    verdict: refusals.length === 0 ? 'promote' : 'refuse',
    refusedBy: refusals[0] ?? 'none',
    reasons,
    numbers,
  })
  if (count < gateRowsMin) {
    refuse('too-few-rows', `${count} rows held out, ${gateRowsMin} are needed`)
    return result()
  }
  const scores = scoreRows(candidate, request.rows, count)
  if (!scores.every(Number.isFinite) || !Number.isFinite(candidate.threshold)) {
    refuse('not-finite', 'the candidate gives scores or a threshold that are not finite')
    return result()
  }
  const rate = alarmRate(scores, candidate.threshold)
  numbers['alarmRate'] = { ...rate, target: alpha }
  const tooMany = rate.low > alpha * rateFactor && rate.rate * count >= alarmsMin
  // A first detector that is too quiet is better than none.
  const tooFew = rate.high < alpha / rateFactor && incumbent !== null
  if (tooMany || tooFew)
    refuse('alarm-rate', `${percent(rate.rate)} of normal rows alarm, the target is ${percent(alpha)}`)
  compareRecall(request, numbers, refuse)
  if (incumbent !== null) compareScores(request, incumbent, scores, numbers, refuse)
  return result()
}

type Refuse = (reason: GateReason, text: string) => void

/** Injected anomalies: against the incumbent, or for a first detector against a robust z-score. */
function compareRecall(request: GateRequest, numbers: { [key: string]: Json }, refuse: Refuse): void {
  const { candidate, incumbent } = request
  const found = recalls(request, (rows, count) => above(scoreRows(candidate, rows, count), candidate.threshold))
  const rival =
    incumbent === null
      ? recalls(request, robust(request))
      : recalls(request, (rows, count) => above(scoreRows(incumbent, rows, count), incumbent.threshold))
  numbers['recall'] = Object.fromEntries(found)
  numbers[incumbent === null ? 'recallOfRobustZ' : 'recallOfIncumbent'] = Object.fromEntries(rival)
  const injectedCount = Math.min(injectedMax, request.count)
  for (const [kind, recall] of found) {
    const other = rival.get(kind) ?? 0
    const error = z95 * Math.sqrt((recall * (1 - recall) + other * (1 - other)) / injectedCount)
    if (incumbent !== null && recall < other - recallMargin - error)
      refuse('recall', `finds ${percent(recall)} of injected anomalies (${kind}), the incumbent ${percent(other)}`)
  }
  const total = (of: ReadonlyMap<AnomalyKind, number>): number =>
    [...of.values()].reduce((sum, value) => sum + value, 0)
  // Being behind a z-score is reported only; finding nothing that a z-score finds is refused.
  if (incumbent === null && total(found) < 0.5 * total(rival))
    refuse('blind', 'finds less than half of the injected anomalies that a robust z-score of each column finds')
}

function recalls(
  request: GateRequest,
  finds: (rows: Float32Array, count: number) => number,
): ReadonlyMap<AnomalyKind, number> {
  const count = Math.min(injectedMax, request.count)
  return new Map(anomalyKinds.map((kind) => [kind, finds(injected(kind, request, count), count) / count] as const))
}

/** A trivial detector with the same alarm budget: the largest robust z-score of a row's columns. */
function robust({ rows, count, alpha, width }: GateRequest): (rows: Float32Array, n: number) => number {
  const centre = new Float64Array(width)
  const scale = new Float64Array(width)
  for (let j = 0; j < width; j++) {
    const column: number[] = []
    for (let i = 0; i < count; i++) if (!Number.isNaN(rows[i * width + j]!)) column.push(rows[i * width + j]!)
    centre[j] = middle(column)
    scale[j] = 1.4826 * middle(column.map((value) => Math.abs(value - centre[j]!))) || 1
  }
  const scoreOf = (from: Float32Array, n: number): Float32Array => {
    const scores = new Float32Array(n)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < width; j++) {
        const z = Math.abs(from[i * width + j]! - centre[j]!) / scale[j]!
        if (z > scores[i]!) scores[i] = z
      }
    return scores
  }
  const normal = scoreOf(rows, count).sort()
  const threshold = normal[Math.min(count - 1, Math.ceil((count + 1) * (1 - alpha)) - 1)]!
  return (from, n) => above(scoreOf(from, n), threshold)
}

function middle(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0
}

/** How the same rows look to the incumbent: the distribution of p-values, and the threshold over the median score. */
function compareScores(
  request: GateRequest,
  incumbent: Detector,
  scores: Float32Array,
  numbers: { [key: string]: Json },
  refuse: Refuse,
): void {
  const { candidate, count } = request
  const before = scoreRows(incumbent, request.rows, count)
  const shift = distanceOf(
    Float64Array.from(scores, (score) => candidate.pValue(score)),
    Float64Array.from(before, (score) => incumbent.pValue(score)),
  )
  const height = candidate.threshold / (middle([...scores]) || 1)
  const heightBefore = incumbent.threshold / (middle([...before]) || 1)
  numbers['shift'] = shift
  numbers['thresholdOverMedian'] = { candidate: height, incumbent: heightBefore }
  if (shift > shiftMax && alarmRate(before, incumbent.threshold).high < request.alpha * rateFactor)
    refuse('score-jump', `p-values of the same rows are distributed otherwise (distance ${shift.toFixed(2)})`)
  const jump = height / heightBefore
  if (jump > thresholdFactor || jump < 1 / thresholdFactor)
    refuse('threshold-jump', `the threshold over the median score changed by a factor ${jump.toPrecision(3)}`)
}

/** Scores of rows (stride = width) by a detector, in batches of what its input holds. */
export function scoreRows(detector: Detector, rows: Float32Array, count: number): Float32Array {
  const { width, rowsMax } = detector
  const scores = new Float32Array(count)
  for (let from = 0; from < count; from += rowsMax) {
    const size = Math.min(rowsMax, count - from)
    detector.input.set(rows.subarray(from * width, (from + size) * width))
    detector.score(size, scores.subarray(from, from + size))
  }
  return scores
}

function above(scores: Float32Array, threshold: number): number {
  let found = 0
  for (const score of scores) if (score > threshold) found++
  return found
}

/** Share of scores above the threshold with its 95 % interval. */
function alarmRate(scores: Float32Array, threshold: number): { rate: number; low: number; high: number } {
  const n = scores.length
  const rate = above(scores, threshold) / n
  const square = z95 * z95
  const centre = (rate + square / (2 * n)) / (1 + square / n)
  const half = (z95 * Math.sqrt((rate * (1 - rate)) / n + square / (4 * n * n))) / (1 + square / n)
  return { rate, low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(3)} %`
}
