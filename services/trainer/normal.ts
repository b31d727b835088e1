// Normal: which rows of a history a detector learns from. Pure: rows and what is known of them in, places and counts out.
// Left out, each row for the first of these reasons
//   within-feedback-delay   younger than people need to speak of it (training.feedbackDelay)
//   near-called-anomalous   within the guard band of a record of its key that a person called anomalous
//   alarmed-by-incumbent    the incumbent alarms on it, from majorRatio times the threshold on
//   near-alarmed            within the guard band of such an alarm of its key
// Invariants
//   N1 a row that contains a record that a person called normal, and none called anomalous, stays whatever the incumbent says;
//      from a new trend on, so do all rows of its key, and from `trendFromMs` on, all rows.
//   N2 every row that is left out is counted by its reason.
// The guard band reaches guardRecordsMin records of a key, or a window's, to both sides, by the median distance in time of
// two records of one key: what leads up to an anomaly and what follows it is no better known than the anomaly.
// Why majorRatio: below it most alarms are the budget's own share of normal rows, and dropping those would thin the tail a
// little more at each retraining, until the threshold lies in the middle of normal traffic. Why an incumbent that alarms so
// on most rows is not heard: it has lost sight of what is normal, and only a new one can see it again.

import type { Call } from './calls.ts'
import type { Sampled } from './sample.ts'

export interface NormalRequest {
  readonly sampled: Sampled
  readonly calls: readonly Call[]
  /** Score over threshold of each row by the incumbent; null where there is none. */
  readonly ratios: Float32Array | null
  /** Records in a window. */
  readonly steps: number
  readonly feedbackDelayMs: number
  /** A sustained change of what is normal was found to begin here; null where none was. */
  readonly trendFromMs: number | null
}

export interface Normal {
  /** Places of the rows that stay, ascending. */
  readonly places: Uint32Array
  readonly dropped: Readonly<Record<string, number>>
  /** Rows that stay though the incumbent alarms on them. */
  readonly readmitted: number
  readonly guardMs: number
}

export const majorRatio = 1.5
export const guardRecordsMin = 3
/** Of the rows that are left without the incumbent; if it alarms on more, it is not heard. */
const alarmedShareMax = 0.5
const reasons = ['', 'within-feedback-delay', 'near-called-anomalous', 'alarmed-by-incumbent', 'near-alarmed'] as const

export function normalRows(request: NormalRequest): Normal {
  const { sampled, calls, steps, feedbackDelayMs } = request
  const { count, timesMs, calledNormal } = sampled
  const guardMs = Math.max(steps, guardRecordsMin) * gapMs(sampled)
  const why = new Uint8Array(count)
  const youngMs = sampled.lastMs - feedbackDelayMs
  for (let i = 0; i < count; i++) if ((timesMs[i] as number) > youngMs && calledNormal[i] === 0) why[i] = 1
  const anomalies = calls.filter(({ verdict }) => verdict === 'anomaly')
  guard(sampled, why, 2, guardMs, anomalies)
  const readmitted = dropAlarmed(request, why, guardMs)
  const dropped: Record<string, number> = {}
  const places: number[] = []
  for (let i = 0; i < count; i++) {
    const reason = reasons[why[i] as number] ?? ''
    if (reason === '') places.push(i)
    else dropped[reason] = (dropped[reason] ?? 0) + 1
  }
  return { places: Uint32Array.from(places), dropped, readmitted, guardMs }
}

interface Moment {
  readonly key: number
  readonly timeMs: number
}

/** Marks what stays so far and lies near one of the moments of its key. */
function guard(
  { count, timesMs, keys, calledNormal }: Sampled,
  why: Uint8Array,
  reason: number,
  guardMs: number,
  moments: readonly Moment[],
  isExempt: (index: number) => boolean = () => false,
): void {
  const byKey = new Map<number, number[]>()
  for (const { key, timeMs } of moments) {
    const own = byKey.get(key)
    if (own === undefined) byKey.set(key, [timeMs])
    else own.push(timeMs)
  }
  for (const own of byKey.values()) own.sort((a, b) => a - b)
  for (let i = 0; i < count; i++) {
    if (why[i] !== 0 || calledNormal[i] === 1 || isExempt(i)) continue
    const own = byKey.get(keys[i] as number)
    if (own !== undefined && nearestMs(own, timesMs[i] as number) <= guardMs) why[i] = reason
  }
}

/** Distance to the nearest of ascending times. */
function nearestMs(sorted: readonly number[], timeMs: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < timeMs) low = middle + 1
    else high = middle
  }
  const after = (sorted[low] ?? Number.POSITIVE_INFINITY) - timeMs
  return Math.min(after, timeMs - (sorted[low - 1] ?? Number.NEGATIVE_INFINITY))
}

/** Answers how many rows stay though the incumbent alarms on them. */
function dropAlarmed(request: NormalRequest, why: Uint8Array, guardMs: number): number {
  const { sampled, ratios } = request
  if (ratios === null) return 0
  const { timesMs, keys, calledNormal } = sampled
  const isTrend = trendOf(request)
  const alarmed: number[] = []
  let left = 0
  let readmitted = 0
  for (let i = 0; i < sampled.count; i++) {
    if (why[i] !== 0) continue
    left++
    if (!((ratios[i] as number) >= majorRatio)) continue
    if (calledNormal[i] === 1 || isTrend(i)) readmitted++
    else alarmed.push(i)
  }
  if (alarmed.length > alarmedShareMax * left) return readmitted + alarmed.length
  for (const i of alarmed) why[i] = 3
  const moments = alarmed.map((i) => ({ key: keys[i] as number, timeMs: timesMs[i] as number }))
  guard(sampled, why, 4, guardMs, moments, isTrend)
  return readmitted
}

/** Whether a row belongs to what a person, or a test, has found to be normal from then on. */
function trendOf({ sampled, calls, trendFromMs }: NormalRequest): (index: number) => boolean {
  const fromMs = new Map<number, number>()
  for (const { verdict, key, timeMs } of calls) {
    if (verdict === 'new-trend') fromMs.set(key, Math.min(timeMs, fromMs.get(key) ?? timeMs))
  }
  const forAllMs = trendFromMs ?? Number.POSITIVE_INFINITY
  return (i) => {
    const timeMs = sampled.timesMs[i] as number
    return timeMs >= forAllMs || timeMs >= (fromMs.get(sampled.keys[i] as number) ?? Number.POSITIVE_INFINITY)
  }
}

/** Median distance in time of two rows of one key that follow each other; 0 where no key has two. */
function gapMs({ count, timesMs, keys }: Sampled): number {
  const lastMs = new Map<number, number>()
  const gaps: number[] = []
  for (let i = 0; i < count; i++) {
    const key = keys[i] as number
    const timeMs = timesMs[i] as number
    const before = lastMs.get(key)
    if (before !== undefined) gaps.push(timeMs - before)
    lastMs.set(key, timeMs)
  }
  const sorted = Float64Array.from(gaps).sort()
  return sorted[sorted.length >>> 1] ?? 0
}
