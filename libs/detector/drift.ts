// Drift: whether rows of late are still like those that a detector learnt from, by feature and by score. The last rows, as
// many and as long as one time of the history, are held against the reference (drift-reference.ts); what is beyond its limit
// (drift-limit.ts), and large enough to matter, has drifted.
// Invariants
//   D1 over all columns, the scores and the scales together, `budget` is how often one look at rows that are like the
//      reference calls them drifted, as far as the limits hold.
//   D2 a difference that is significant and small is no drift: stabilityMin, distanceMin.
// Sources: population stability index, with its customary 0.2 for a shift that matters, Siddiqi (2006); Kolmogorov and Smirnov.

import { limitOf } from './drift-limit.ts'
import { columnPlaces, countBins, type Reference, type Scale, stability } from './drift-reference.ts'
import { distance } from './two-sample.ts'

export interface RecentRows {
  /** In order of time; stride = width. */
  readonly rows: Float32Array
  readonly count: number
  readonly width: number
  /** For each column, the index of its feature in `names`. */
  readonly groups: Int32Array
  readonly names: readonly string[]
  readonly timesMs: Float64Array
  readonly scores: Float32Array
}

/** How far one thing has moved: the statistic, and what it is of its own limit; above 1 it has drifted. */
export interface Moved {
  readonly value: number
  readonly ratio: number
}

export interface Drift {
  /** Population stability index of each feature, in the order of the spec. */
  readonly features: readonly (Moved & { readonly name: string })[]
  /** Greatest difference of the shares of scores up to a value. */
  readonly score: Moved
  /** Greatest of all ratios. */
  readonly ratio: number
  /** Features that have drifted, the furthest first. */
  readonly drifted: readonly string[]
  /** Event time at which the rows begin that have drifted furthest; null where none has. */
  readonly sinceMs: number | null
}

export const budget = 0.001
export const stabilityMin = 0.2
export const distanceMin = 0.1

/** Null where there are too few rows to say. */
export function drift(reference: Reference, recent: RecentRows): Drift | null {
  const looks = reference.scales.flatMap((scale, s) => look(reference, scale, s, recent) ?? [])
  if (looks.length === 0) return null
  const features = recent.names.map((name, feature) => {
    const own = looks.flatMap(({ columns }) => columns.filter((column) => column.feature === feature))
    return { name, ...furthest(own) }
  })
  const score = furthest(looks.map((each) => each.score))
  const drifted = features.filter(({ ratio }) => ratio > 1).sort((a, b) => b.ratio - a.ratio)
  const ratio = Math.max(score.ratio, ...features.map((each) => each.ratio))
  const worst = looks.reduce((most, each) => (ratioOf(each) > ratioOf(most) ? each : most))
  return {
    features,
    score,
    ratio,
    drifted: drifted.map(({ name }) => name),
    sinceMs: ratio > 1 ? worst.sinceMs : null,
  }
}

interface Look {
  readonly columns: readonly (Moved & { readonly feature: number })[]
  readonly score: Moved
  readonly sinceMs: number
}

function look(reference: Reference, scale: Scale, s: number, recent: RecentRows): Look | null {
  const { columns } = reference
  const { count, width, groups, timesMs, scores } = recent
  const from = firstOf(scale, recent)
  if (count - from < scale.rows) return null
  const places = columnPlaces(from, count, scale.rows)
  const own = countBins({ ...recent, columns }, reference.edges, places)
  const rate = budget / ((columns + 1) * reference.scales.length)
  const limit = (j: number, least: number): number => {
    const at = (s * (columns + 1) + j) * 3
    const [mean = 0, freedom = 1, most = 0] = reference.usual.subarray(at, at + 3)
    return Math.max(least, limitOf({ mean, freedom, most }, scale.times, rate))
  }
  const apart = distance(
    Float64Array.from(places, (i) => scores[i]!),
    Float64Array.from(reference.scores),
  )
  return {
    columns: Array.from({ length: columns }, (_, j) => {
      const value = stability(reference.counts, own, j)
      return { feature: groups[width - columns + j]!, value, ratio: value / limit(j, stabilityMin) }
    }),
    score: { value: apart, ratio: apart / Math.sqrt(limit(columns, distanceMin ** 2)) },
    sinceMs: timesMs[from]!,
  }
}

/** Of rows that are as many and last as long as one time of the history. */
function firstOf({ of, spanMs }: Scale, { count, timesMs }: RecentRows): number {
  let from = Math.max(0, count - of)
  const lastMs = timesMs[count - 1] ?? 0
  while (from > 0 && timesMs[from - 1]! >= lastMs - spanMs) from--
  return from
}

function furthest(all: readonly Moved[]): Moved {
  return all.reduce((most, { value, ratio }) => (ratio > most.ratio ? { value, ratio } : most), { value: 0, ratio: 0 })
}

function ratioOf({ columns, score }: Look): number {
  return columns.reduce((most, { ratio }) => Math.max(most, ratio), score.ratio)
}
