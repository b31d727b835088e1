// Anomalies made from normal rows, for the gate: what breaks in the field, at sizes that a column's own spread sets. The
// last step of a window is where it breaks, except for what lasts.
// Invariants
//   I1 the same rows and seed give the same anomalies; the rows given are not changed.

import { Random } from '../core/random.ts'

export const anomalyKinds = ['spike', 'stuck', 'level-shift', 'swapped'] as const
export type AnomalyKind = (typeof anomalyKinds)[number]

export interface AnomalySource {
  readonly rows: Float32Array
  readonly count: number
  readonly width: number
  /** For each column, the index of its feature. */
  readonly groups: Int32Array
  readonly seed: number
}

const spikeDeviations = 8
const shiftDeviations = 4
/** Level-shifted columns of a row, as a share. */
const shiftedShare = 0.3

/** `wanted` rows, evenly taken from all of time, each with one anomaly of the kind. */
export function injected(kind: AnomalyKind, source: AnomalySource, wanted: number): Float32Array {
  const { rows, count, width } = source
  const stepWidth = stepWidthOf(source.groups)
  const random = Random.derived(source.seed, kind)
  const { centre, deviation } = spreads(rows, count, width)
  const moving = Array.from({ length: stepWidth }, (_, j) => width - stepWidth + j).filter((j) => deviation[j]! > 0)
  const out = new Float32Array(wanted * width)
  for (let i = 0; i < wanted; i++) {
    const from = Math.floor((i * count) / wanted) * width
    const row = out.subarray(i * width, (i + 1) * width)
    row.set(rows.subarray(from, from + width))
    if (moving.length === 0) continue
    const column = moving[random.integer(moving.length)]!
    const sign = random.uniform() < 0.5 ? -1 : 1
    switch (kind) {
      case 'spike':
        row[column] = centre[column]! + sign * spikeDeviations * deviation[column]!
        break
      case 'stuck':
        stick(row, column, stepWidth, deviation, random)
        break
      case 'level-shift':
        for (const j of moving) {
          if (j !== column && random.uniform() >= shiftedShare) continue
          for (let at = j; at >= 0; at -= stepWidth) row[at]! += sign * shiftDeviations * deviation[j]!
        }
        break
      case 'swapped':
        swap(row, column, moving[random.integer(moving.length)]!, centre, deviation)
        break
      default:
        kind satisfies never
    }
  }
  return out
}

/** Columns of one step of a window: a new step begins where the features begin anew. */
function stepWidthOf(groups: Int32Array): number {
  for (let j = 1; j < groups.length; j++) if (groups[j]! < groups[j - 1]!) return j
  return groups.length
}

/** The column keeps one value through the window; in a row of one step it stays behind where it should have moved. */
function stick(row: Float32Array, column: number, stepWidth: number, deviation: Float64Array, random: Random): void {
  const width = row.length
  if (width > stepWidth) {
    for (let at = column; at >= 0; at -= stepWidth) row[at] = row[column]!
    return
  }
  row[column]! += (random.uniform() < 0.5 ? -1 : 1) * shiftDeviations * deviation[column]!
}

/** Two columns trade their places, in units of their spread: what a swapped wire does. */
function swap(row: Float32Array, a: number, b: number, centre: Float64Array, deviation: Float64Array): void {
  const za = (row[a]! - centre[a]!) / deviation[a]!
  const zb = (row[b]! - centre[b]!) / deviation[b]!
  row[a] = centre[a]! + zb * deviation[a]!
  row[b] = centre[b]! + za * deviation[b]!
}

function spreads(rows: Float32Array, count: number, width: number): { centre: Float64Array; deviation: Float64Array } {
  const centre = new Float64Array(width)
  const deviation = new Float64Array(width)
  for (let j = 0; j < width; j++) {
    let seen = 0
    let sum = 0
    for (let i = 0; i < count; i++) {
      const value = rows[i * width + j]!
      if (Number.isNaN(value)) continue
      seen++
      sum += value
    }
    centre[j] = seen === 0 ? 0 : sum / seen
    let squares = 0
    for (let i = 0; i < count; i++) {
      const value = rows[i * width + j]!
      if (!Number.isNaN(value)) squares += (value - centre[j]!) ** 2
    }
    deviation[j] = seen === 0 ? 0 : Math.sqrt(squares / seen)
  }
  return { centre, deviation }
}
