// Gate: whether a candidate may replace the incumbent. Both score the same held-out normal rows, the same anomalies made
// from them (gate-anomalies.ts) and, where people have labelled some, the same labelled rows, each at its own threshold.
// Pure: two detectors and rows in, a verdict with its reasons and numbers out.
// Invariants
//   G1 the same detectors, rows and seed give the same answer.
//   G2 a refusal names every reason there is, not the first; a promotion names none. Reasons are a closed list.
//   G3 anything not finite, or too few rows to tell, is a refusal: doubt never promotes.
// What is measured decides, and each measure is held against its own sampling error, so that a small sample is not held
// against a candidate. What only looks odd (a threshold that jumped, alarms that became rare) is refused unless the candidate
// is cleared: it finds no less than the incumbent and keeps its budget. Otherwise a good candidate could never replace an
// incumbent whose own threshold was spoilt. How often it is right is measured by test/quality/gate.ts.

import type { Detector } from './detector.ts'
import { alarmRate, type Rate } from './gate-rate.ts'
import { type Finder, type Found, paired, type Recalls, recalls } from './gate-recall.ts'
import { middle, robustRival } from './gate-rival.ts'
import { distanceOf } from './gate-shift.ts'
import type { Json } from './model.ts'

export interface GateRequest {
  readonly candidate: Detector
  readonly incumbent: Detector | null
  /** Rows that neither has been fitted or calibrated on, mostly normal, in the order of time; stride = width. */
  readonly rows: Float32Array
  readonly count: number
  readonly width: number
  /** Of each row, the factor of its key by either detector; null where it has none. */
  readonly factors?: { readonly candidate: Float32Array | null; readonly incumbent: Float32Array | null }
  /** For each column, the index of its feature. */
  readonly groups: Int32Array
  /** Alarm rate that the candidate was calibrated for. */
  readonly alpha: number
  readonly seed: number
  /** Rows that people have judged. */
  readonly feedback?: Feedback
  /** Anomalies that no detector may lose once one has found them. */
  readonly canaries?: { readonly rows: Float32Array; readonly count: number }
}

export interface Feedback {
  readonly rows: Float32Array
  readonly count: number
  /** Of each row, 1: an anomaly, 0: normal after all. */
  readonly anomalous: Uint8Array
}

export const gateReasons = [
  'too-few-rows',
  'not-finite',
  'alarm-rate', // outside of [½, 2] × target by its 95 % interval
  'recall', // finds fewer of the injected anomalies than the incumbent
  'blind', // a first detector that finds fewer than a robust z-score of each column
  'canary', // misses a canary that the incumbent finds, or as a first detector any
  'feedback', // people's labels are answered worse than by the incumbent
  'score-jump', // p-values of normal rows are not spread as p-values are, while the incumbent's are
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
/** Fewer alarms among the rows say nothing about a rate: a few anomalies are among them. */
const alarmsMin = 10
/** Injected anomalies of undecided sizes may be lost up to this share besides the sampling error, over all kinds */
const lostMax = 0.04
/** and of one kind, where other kinds may make up for it. */
const lostOfKindMax = 0.12
/** Labelled rows answered worse, as a share, besides the sampling error. */
const feedbackLostMax = 0.1
/** Largest distance of p-values from an even spread, 0 to 1. */
const unevenMax = 0.5
/** Thresholds over the median score of the same rows may differ by this factor. */
const thresholdFactor = 10
/** One-sided. */
const zLost = 1.645

type Refuse = (reason: GateReason, text: string) => void
type Numbers = { [key: string]: Json }

export function gate(request: GateRequest): GateResult {
  const refusals: GateReason[] = []
  const reasons: string[] = []
  const { candidate, incumbent, count, alpha } = request
  const numbers: Numbers = { rows: count, alpha, seed: request.seed }
  const refuse: Refuse = (reason, text) => {
    refusals.push(reason)
    reasons.push(`${reason}: ${text}`)
  }
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
  const scores = relative(scoreRows(candidate, request.rows, count), request.factors?.candidate ?? null)
  if (!scores.every(Number.isFinite) || !Number.isFinite(candidate.threshold)) {
    refuse('not-finite', 'the candidate gives scores or a threshold that are not finite')
    return result()
  }
  const before =
    incumbent === null ? null : relative(scoreRows(incumbent, request.rows, count), request.factors?.incumbent ?? null)
  const rate = alarmRate(scores, candidate.threshold)
  numbers['alarmRate'] = { ...rate, target: alpha }
  const { whole, kinds } = compareRecall(request, numbers)
  const isCleared = whole.lost <= 0 && !isLoud(rate, request)
  checkRate({ request, rate, before, isCleared }, refuse)
  if (incumbent === null) checkSight(whole, refuse)
  else checkRecall({ whole, kinds }, refuse)
  checkCanaries(request, numbers, refuse)
  if (incumbent !== null) checkFeedback(request, incumbent, numbers, refuse)
  if (incumbent !== null && before !== null)
    checkJumps({ candidate, incumbent, scores, before, isCleared }, numbers, refuse)
  return result()
}

interface Rated {
  readonly request: GateRequest
  readonly rate: Rate
  readonly before: Float32Array | null
  readonly isCleared: boolean
}

function checkRate({ request, rate, before, isCleared }: Rated, refuse: Refuse): void {
  const { incumbent, alpha } = request
  const rateBefore = incumbent === null || before === null ? 0 : alarmRate(before, incumbent.threshold).rate
  // What alarms too often is still better than what alarms twice as often.
  const tooMany = isLoud(rate, request) && rate.rate > rateBefore / rateFactor
  // A first detector that is too quiet is better than none.
  const tooFew = rate.high < alpha / rateFactor && incumbent !== null && !isCleared
  if (tooMany || tooFew)
    refuse('alarm-rate', `${percent(rate.rate)} of normal rows alarm, the target is ${percent(alpha)}`)
}

function isLoud({ rate, low }: Rate, { alpha, count }: GateRequest): boolean {
  return low > alpha * rateFactor && rate * count >= alarmsMin
}

/** Injected anomalies: beside the incumbent, or for a first detector beside a robust z-score. */
function compareRecall(request: GateRequest, numbers: Numbers): Recalls {
  const { candidate, incumbent } = request
  const rival = incumbent === null ? robustRival(request) : finderOf(incumbent)
  const compared = recalls(request, finderOf(candidate), rival)
  const byKind = (of: (found: Found) => number): Json =>
    Object.fromEntries([...compared.kinds].map(([kind, found]) => [kind, of(found)]))
  numbers['recall'] = byKind((found) => found.candidate)
  numbers[incumbent === null ? 'recallOfRobustZ' : 'recallOfIncumbent'] = byKind((found) => found.rival)
  numbers['lost'] = { share: compared.whole.lost, error: compared.whole.error, ofKind: byKind((found) => found.lost) }
  return compared
}

function checkRecall({ whole, kinds }: Recalls, refuse: Refuse): void {
  const compared = ({ candidate, rival }: Found): string => `${percent(candidate)}, the incumbent ${percent(rival)}`
  if (isLost(whole, lostMax)) refuse('recall', `finds of all injected anomalies ${compared(whole)}`)
  for (const [kind, found] of kinds)
    if (isLost(found, lostOfKindMax)) refuse('recall', `finds of injected anomalies (${kind}) ${compared(found)}`)
}

/** Being behind a z-score is reported only; finding nothing that a z-score finds is refused. */
function checkSight(whole: Found, refuse: Refuse): void {
  if (whole.candidate < 0.5 * whole.rival)
    refuse('blind', 'finds less than half of the injected anomalies that a robust z-score of each column finds')
}

function checkCanaries({ candidate, incumbent, canaries }: GateRequest, numbers: Numbers, refuse: Refuse): void {
  if (canaries === undefined) return
  const mine = finderOf(candidate)(canaries.rows, canaries.count)
  const theirs = incumbent === null ? null : finderOf(incumbent)(canaries.rows, canaries.count)
  const lost = mine.reduce((sum, found, i) => sum + (found === 0 && (theirs?.[i] ?? 1) === 1 ? 1 : 0), 0)
  numbers['canaries'] = { count: canaries.count, lost }
  if (lost > 0) refuse('canary', `${lost} of ${canaries.count} canaries are found no more`)
}

/** Of rows called anomalous those found no more, of rows called normal those that alarm now: each by itself. */
function checkFeedback(
  { candidate, feedback }: GateRequest,
  incumbent: Detector,
  numbers: Numbers,
  refuse: Refuse,
): void {
  if (feedback === undefined || feedback.count === 0) return
  const { rows, count, anomalous } = feedback
  const [mine, theirs] = [finderOf(candidate)(rows, count), finderOf(incumbent)(rows, count)]
  const answered = (label: 0 | 1): { rows: number; found: Found } | null => {
    const rightly = (found: Uint8Array): Uint8Array => {
      const own = found.filter((_, i) => anomalous[i] === label)
      return own.map((one) => (one === label ? 1 : 0))
    }
    const [right, before] = [rightly(mine), rightly(theirs)]
    return right.length === 0 ? null : { rows: right.length, found: paired(right, before, 1) }
  }
  const said = { anomaly: answered(1), normal: answered(0) }
  numbers['feedback'] = Object.fromEntries(
    Object.entries(said).flatMap(([label, each]) =>
      each === null
        ? []
        : [[label, { rows: each.rows, right: each.found.candidate, rightOfIncumbent: each.found.rival }]],
    ),
  )
  for (const [label, each] of Object.entries(said)) {
    if (each === null || !isLost(each.found, feedbackLostMax)) continue
    const { candidate: now, rival: before } = each.found
    refuse(
      'feedback',
      `answers ${percent(now)} of ${each.rows} rows that people called ${label} rightly, the incumbent ${percent(before)}`,
    )
  }
}

interface Scored {
  readonly candidate: Detector
  readonly incumbent: Detector
  readonly scores: Float32Array
  readonly before: Float32Array
  readonly isCleared: boolean
}

/** How the same rows look to both: the spread of p-values, and the threshold over the median score. */
function checkJumps(scored: Scored, numbers: Numbers, refuse: Refuse): void {
  const { candidate, incumbent, scores, before, isCleared } = scored
  const even = Float64Array.from(scores, (_, i) => (i + 0.5) / scores.length)
  const unevenness = (detector: Detector, of: Float32Array): number =>
    distanceOf(
      Float64Array.from(of, (score) => detector.pValue(score)),
      even,
    )
  const uneven = { candidate: unevenness(candidate, scores), incumbent: unevenness(incumbent, before) }
  const height = candidate.threshold / (middle([...scores]) || 1)
  const heightBefore = incumbent.threshold / (middle([...before]) || 1)
  numbers['uneven'] = uneven
  numbers['thresholdOverMedian'] = { candidate: height, incumbent: heightBefore }
  if (uneven.candidate > unevenMax && uneven.candidate > uneven.incumbent && !isCleared)
    refuse('score-jump', `p-values of normal rows are not spread evenly (distance ${uneven.candidate.toFixed(2)})`)
  const jump = height / heightBefore
  if ((jump > thresholdFactor || jump < 1 / thresholdFactor) && !isCleared)
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

/** Scores over what their keys are excused, as rows are judged. */
function relative(scores: Float32Array, factors: Float32Array | null): Float32Array {
  return factors === null ? scores : scores.map((score, i) => score / (factors[i] ?? 1))
}

/** Anomalies, made up or labelled, are looked for as of a key without a factor. */
function finderOf(detector: Detector): Finder {
  return (rows, count) =>
    Uint8Array.from(scoreRows(detector, rows, count), (score) => (score > detector.threshold ? 1 : 0))
}

/** Whether more than `share` is lost, beyond the sampling error. */
function isLost({ lost, error }: Found, share: number): boolean {
  return lost - zLost * error > share
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(3)} %`
}
