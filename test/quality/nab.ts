// The NAB score: streams with a few windows in which something happens; what counts is one alert in each window, the sooner
// the better, and none elsewhere. One threshold for all streams. Published scores use the threshold that is best on the
// labels, so the score at a detector's own threshold is given beside it.
// Source: Lavin and Ahmad, Evaluating real-time anomaly detection algorithms: the Numenta anomaly benchmark (2015).

/** A stream's scores in [0, 1], and the rows [from, to] of each of its windows, in order. */
export interface NabStream {
  readonly scores: ArrayLike<number>
  readonly windows: readonly { readonly from: number; readonly to: number }[]
}

export interface NabProfile {
  readonly falseAlert: number
  readonly missed: number
}

export const nabProfiles = {
  standard: { falseAlert: 0.11, missed: 1 },
  lowFalseAlerts: { falseAlert: 0.22, missed: 1 },
  lowMisses: { falseAlert: 0.11, missed: 2 },
} as const satisfies Record<string, NabProfile>

const probationShare = 0.15
const probationRowsMax = 750
/** Above every score: never alerts. */
const never = 1.1

/** What an alert in a row is worth: in window `window` of all streams (the best one counts), or outside of them (−1). */
interface Worth {
  readonly score: number
  readonly window: number
  readonly value: number
}

export interface NabScore {
  /** 0 for a detector that never alerts, 100 for a perfect one. */
  readonly normalised: number
  readonly threshold: number
}

/** The score at the threshold that is best for the labels. */
export function nabBest(streams: readonly NabStream[], profile: NabProfile): NabScore {
  const { worths, windows } = worthsOf(streams, profile)
  const found = new Float64Array(windows).fill(Number.NEGATIVE_INFINITY)
  let total = -windows * profile.missed
  let best = { total, threshold: never }
  worths.sort((a, b) => b.score - a.score)
  for (let i = 0; i < worths.length; ) {
    const threshold = worths[i]!.score
    for (; i < worths.length && worths[i]!.score === threshold; i++) {
      const { window, value } = worths[i]!
      if (window < 0) total += value
      else {
        const before = found[window]!
        if (value <= before) continue
        total += before === Number.NEGATIVE_INFINITY ? value + profile.missed : value - before
        found[window] = value
      }
    }
    if (total > best.total) best = { total, threshold }
  }
  return { normalised: normalised(best.total, windows, profile), threshold: best.threshold }
}

/** The score of alerts at `threshold` and above. */
export function nabAt(streams: readonly NabStream[], profile: NabProfile, threshold: number): NabScore {
  const { worths, windows } = worthsOf(streams, profile)
  const found = new Map<number, number>()
  let total = 0
  for (const { score, window, value } of worths) {
    if (score < threshold) continue
    if (window < 0) total += value
    else found.set(window, Math.max(value, found.get(window) ?? value))
  }
  for (const value of found.values()) total += value
  total -= (windows - found.size) * profile.missed
  return { normalised: normalised(total, windows, profile), threshold }
}

function normalised(total: number, windows: number, { missed }: NabProfile): number {
  return (100 * (total + windows * missed)) / (windows * (1 + missed))
}

/** Of so many rows, the first that do not count. */
export function probationOf(rows: number): number {
  return Math.min(Math.floor(probationShare * rows), probationRowsMax)
}

function worthsOf(streams: readonly NabStream[], { falseAlert }: NabProfile): { worths: Worth[]; windows: number } {
  const worths: Worth[] = []
  let first = 0
  for (const { scores, windows } of streams) {
    const probation = probationOf(scores.length)
    for (let row = probation; row < scores.length; row++) {
      const inside = windows.findIndex(({ from, to }) => row >= from && row <= to)
      const past = windows.findLast(({ to }) => to < row)
      worths.push({
        score: scores[row]!,
        window: inside < 0 ? -1 : first + inside,
        value: inside < 0 ? falseAlert * lateness(row, past) : earliness(row, windows[inside]!),
      })
    }
    first += windows.length
  }
  return { worths, windows: first }
}

function earliness(row: number, { from, to }: { from: number; to: number }): number {
  return curve(-(to - row + 1) / (to - from + 1)) / curve(-1)
}

function lateness(row: number, past: { from: number; to: number } | undefined): number {
  return past === undefined ? -1 : curve((row - past.to) / (past.to - past.from))
}

/** From 1 well before 0 to −1 well behind it. */
function curve(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1
}
