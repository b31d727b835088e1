// Drift reference: what rows and scores were like when a detector learnt, small enough to travel in its artefact: of each
// column of a row's last step how its values fall into bins, of the scores of rows that the fit had not seen their quantiles;
// and how far the times of that history lay from the whole, which says what is usual: a day has its course, and rows that
// follow each other are alike.
// Invariants
//   R1 the reference depends on the rows in their order alone; equal rows give equal references.
//   R2 a column's bins are its own deciles; a value that is common is in one bin, and a missing one in a bin of its own.
// Sources: population stability index, Siddiqi, Credit Risk Scorecards (2006); batch means, Conway (1963).

import { log } from '../core/elementary.ts'
import { type Usual, usualOf } from './drift-limit.ts'
import { distance } from './two-sample.ts'

/** Deciles, and one for missing values. */
export const binsOf = 11
const edgesOf = binsOf - 2
/** Into how many times the history is cut: short ones tell soon, long ones see past the course of a day. */
export const scalesTried = [24, 8] as const
/** Fewer rows of one time have no distribution. */
export const scaleRowsMin = 60
/** Of the rows of one time, as many are compared: times are not equally busy. */
const rowsShare = 0.8
export const scaleRowsMax = 4_000
const scoreKnots = 101

export interface Scale {
  /** Times that the history was cut into. */
  readonly times: number
  /** Rows of one time, and how many of them are compared. */
  readonly of: number
  readonly rows: number
  /** How long one time lasts, ms of event time. */
  readonly spanMs: number
}

export interface Reference {
  /** Of a row's last step. */
  readonly columns: number
  /** [column][edge], ascending. */
  readonly edges: Float32Array
  /** Rows in each bin: [column][bin], the last of missing values. */
  readonly counts: Float32Array
  readonly scales: readonly Scale[]
  /** [scale][column, then the scores][mean, freedom, most]. */
  readonly usual: Float32Array
  /** Quantiles of scores, ascending. */
  readonly scores: Float32Array
  /** Keys are sampled as they were: one in `modulus`, by this salt. */
  readonly salt: number
  readonly modulus: number
}

export interface ReferenceRows {
  /** In order of time; stride = width. */
  readonly rows: Float32Array
  readonly count: number
  readonly width: number
  /** Columns of the last step. */
  readonly columns: number
  readonly timesMs: Float64Array
  /** Of the same rows. */
  readonly scores: Float32Array
  /** Of the latest rows, which the fit has not seen. */
  readonly unseen: Float32Array
  readonly salt: number
  readonly modulus: number
}

/** Null where there are too few rows. */
export function driftReference(given: ReferenceRows): Reference | null {
  const { count, columns, unseen, salt, modulus } = given
  const scales = scalesTried.flatMap((times): Scale[] => {
    const of = Math.floor(count / times)
    const rows = Math.min(scaleRowsMax, Math.floor(rowsShare * of))
    return rows < scaleRowsMin ? [] : [{ times, of, rows, spanMs: spanOf(given.timesMs, count, times) }]
  })
  if (scales.length === 0 || unseen.length < scaleRowsMin) return null
  const edges = Float32Array.from(Array.from({ length: columns }, (_, j) => edgesFor(given, j)).flat())
  const all = columnPlaces(0, count, count)
  const counts = countBins(given, edges, all)
  const usual = scales.flatMap((scale) => usualAt(given, edges, counts, scale))
  return {
    columns,
    edges,
    counts,
    scales,
    usual: Float32Array.from(usual.flatMap(({ mean, freedom, most }) => [mean, freedom, most])),
    scores: quantiles(unseen),
    salt,
    modulus,
  }
}

function spanOf(timesMs: Float64Array, count: number, times: number): number {
  const spans = Array.from({ length: times }, (_, t) => {
    const from = Math.floor((t * count) / times)
    const to = Math.floor(((t + 1) * count) / times) - 1
    return timesMs[to]! - timesMs[from]!
  })
  return Float64Array.from(spans).sort()[times >> 1]!
}

/** Of each column and then of the scores, how far the times lie from the whole. */
function usualAt(given: ReferenceRows, edges: Float32Array, counts: Float32Array, { times, rows }: Scale): Usual[] {
  const { count, columns, scores, unseen } = given
  const found = Array.from({ length: columns + 1 }, (): number[] => [])
  const whole = Float64Array.from(quantiles(scores.subarray(0, count)))
  for (let t = 0; t < times; t++) {
    const from = Math.floor((t * count) / times)
    const to = Math.floor(((t + 1) * count) / times)
    const places = columnPlaces(from, to, rows)
    const own = countBins(given, edges, places)
    for (let j = 0; j < columns; j++) found[j]!.push(stability(counts, own, j))
    const some = Float64Array.from(places, (i) => scores[i]!)
    found[columns]!.push(distance(some, whole) ** 2)
  }
  // Scores are held against those of the latest rows alone, which are themselves like a few of the times.
  const narrow = 1 + count / (unseen.length * times)
  return found.map((values, j) => usualOf(j === columns ? values.map((value) => value * narrow) : values, binsOf - 2))
}

/** Places in [from, to), evenly, at most `most`. */
export function columnPlaces(from: number, to: number, most: number): Int32Array {
  const size = Math.min(most, to - from)
  return Int32Array.from({ length: size }, (_, i) => from + Math.floor((i * (to - from)) / size))
}

function edgesFor({ rows, count, width, columns }: ReferenceRows, column: number): number[] {
  const at = width - columns + column
  const values = Float32Array.from({ length: count }, (_, i) => rows[i * width + at]!)
    .filter((value) => !Number.isNaN(value))
    .sort()
  return Array.from({ length: edgesOf }, (_, e) => values[Math.floor(((e + 1) * values.length) / (edgesOf + 1))] ?? 0)
}

/** [column][bin]: how many of the rows at these places lie in each bin. */
export function countBins(
  { rows, width, columns }: Pick<ReferenceRows, 'rows' | 'width' | 'columns'>,
  edges: Float32Array,
  places: Int32Array,
): Float32Array {
  const counts = new Float32Array(columns * binsOf)
  for (const place of places) {
    for (let j = 0; j < columns; j++) {
      const value = rows[place * width + width - columns + j]!
      let bin = Number.isNaN(value) ? binsOf - 1 : 0
      const at = j * edgesOf
      if (bin === 0) {
        while (bin < edgesOf && edges[at + bin]! < value) bin++
        // What is so common that it is two edges has a bin of its own between them: below and above are something else.
        if (bin + 1 < edgesOf && edges[at + bin] === value && edges[at + bin + 1] === value) bin++
      }
      counts[j * binsOf + bin]!++
    }
  }
  return counts
}

/** Population stability index of one column: Σ (p − q) ln(p / q), shares kept off 0 by half a row a bin. */
export function stability(reference: Float32Array, own: Float32Array, column: number): number {
  const at = column * binsOf
  let [total, ownTotal, used] = [0, 0, 0]
  for (let bin = at; bin < at + binsOf; bin++) {
    total += reference[bin]!
    ownTotal += own[bin]!
    if (reference[bin]! + own[bin]! > 0) used++
  }
  let sum = 0
  for (let bin = at; bin < at + binsOf; bin++) {
    if (reference[bin]! + own[bin]! === 0) continue
    const q = (reference[bin]! + 0.5) / (total + used / 2)
    const p = (own[bin]! + 0.5) / (ownTotal + used / 2)
    sum += (p - q) * log(p / q)
  }
  return sum
}

function quantiles(scores: Float32Array): Float32Array {
  const sorted = scores.slice().sort()
  return Float32Array.from(
    { length: scoreKnots },
    (_, k) => sorted[Math.round((k * (sorted.length - 1)) / (scoreKnots - 1))]!,
  )
}
