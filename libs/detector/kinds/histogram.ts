// The member of rarities: each column by itself, in equal bins between its least and its greatest value. It sees values
// that are rare in a column that hardly weighs in a distance over all of them, and it costs next to nothing. Bins are fine,
// and their counts are those of their surroundings, so that it matters little where a bin ends.
// Its columns may be bent (bent.ts): then bins are as fine near the middle of a long-tailed column as its values are dense.
// And it may be heard by its loudest columns instead of their sum: what is very rare in one column of many drowns in a sum.
// Source: Goldstein and Dengel, Histogram-based outlier score (2012); Scott, Averaged shifted histograms (1985).

import { exp, log } from '../../core/elementary.ts'
import { binsBeside, type HistogramMember } from '../model.ts'
import type { BentRows } from './bent.ts'
import { columnOf } from './column.ts'
import { filled, type TrainingRows } from './kind.ts'

const binsMax = 16
/** Fine bins in the width of each; a value counts in those nearer than a width, less with their distance. */
const finer = 4
/** Counts that each bin has before any row. */
const prior = 0.5
/** Half a bin around the value of a column that never moved, in scaled units. */
const constantReach = 1e-3
/** Least range that bins divide, in scaled units: of one yet smaller their number in a unit is none of 32 bits. */
const rangeMin = 1e-30
/** Bins are wider than the range by this share, so that the greatest value falls into the last. */
const slack = 1e-5
/** The larger, the more the loudest column leads. */
const loudestSharpness = 0.5

export function histogramMember(training: TrainingRows): HistogramMember {
  return memberOf(training, 0)
}

export function bentHistogramMember(seen: BentRows): HistogramMember {
  return { ...memberOf(seen, 0), bend: seen.bend }
}

export function loudestMember(training: TrainingRows): HistogramMember {
  return memberOf(training, loudestSharpness)
}

function memberOf(training: TrainingRows, sharpness: number): HistogramMember {
  const { rows, count, width } = training
  const coarse = Math.min(binsMax, Math.ceil(exp(log(count) / 3)))
  const bins = coarse * finer
  const entries = bins + binsBeside
  const low = new Float32Array(width)
  const inverse = new Float32Array(width)
  const typical = new Float32Array(width)
  const table = new Float32Array(width * entries)
  for (let j = 0; j < width; j++) {
    const column = columnOf(rows, count, width, j)
    const { from, to } = rangeOf(column)
    low[j] = from
    inverse[j] = bins / ((to - from) * (1 + slack))
    const counts = countsOf(column, low[j]!, inverse[j]!, bins)
    const around = surroundings(counts)
    const entryOf = (seen: number): number => {
      const rarity = -log(((seen + prior) / (column.length + prior * coarse)) * coarse)
      return sharpness > 0 ? exp(sharpness * rarity) / width : rarity
    }
    const own = table.subarray(j * entries, (j + 1) * entries)
    let mean = 0
    for (let b = 0; b < bins; b++) {
      own[b + 1] = entryOf(around[b]!)
      mean += column.length === 0 ? 0 : (counts[b]! * own[b + 1]!) / column.length
    }
    own[0] = own[bins + 1] = entryOf(0)
    own[bins + 2] = column.length === 0 ? entryOf(0) : mean
    typical[j] = from + (around.indexOf(Math.max(...around)) + 0.5) / inverse[j]!
  }
  const member = { kind: 'histogram', typical, bins, low, inverse, table, sharpness } as const
  return { ...member, base: Math.fround(leastOf(filled(training), count, width, member) - 1) }
}

function countsOf(column: Float32Array, low: number, inverse: number, bins: number): Float64Array {
  const counts = new Float64Array(bins)
  for (const value of column) counts[binOf(value, low, inverse, bins)]! += 1
  return counts
}

/** Of each bin, the counts nearer than `finer` bins, each by how near it is. */
function surroundings(counts: Float64Array): Float64Array {
  return counts.map((_, b) => {
    let sum = 0
    for (let away = 1 - finer; away < finer; away++) sum += (counts[b + away] ?? 0) * (1 - Math.abs(away) / finer)
    return sum
  })
}

function rangeOf(column: Float32Array): { from: number; to: number } {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of column) {
    if (value < from) from = value
    if (value > to) to = value
  }
  if (column.length === 0) return { from: -constantReach, to: constantReach }
  return to - from > rangeMin ? { from, to } : { from: from - constantReach, to: to + constantReach }
}

function binOf(value: number, low: number, inverse: number, bins: number): number {
  return Math.min(bins - 1, Math.max(0, Math.floor(Math.fround(Math.fround(value - low) * inverse))))
}

/** The least score among the rows, before its base is taken off. */
function leastOf(rows: Float32Array, count: number, width: number, member: Omit<HistogramMember, 'base'>): number {
  const { low, inverse, bins, table, sharpness } = member
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < count; i++) {
    let sum = 0
    for (let j = 0; j < width; j++) {
      sum += table[j * (bins + binsBeside) + 1 + binOf(rows[i * width + j]!, low[j]!, inverse[j]!, bins)]!
    }
    least = Math.min(least, sum)
  }
  return sharpness > 0 ? log(least) / sharpness : least
}
