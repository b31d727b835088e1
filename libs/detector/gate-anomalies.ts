// Anomalies made from normal rows, for the gate: what breaks in the field, in sizes that a column's own spread sets, from
// too small for any detector to too large to miss, so that two detectors differ on some of them however good they are. The
// last step of a window is where it breaks, except for what lasts.
// Invariants
//   I1 the same rows and seed give the same anomalies; the rows given are not changed.
//   I2 row i of a kind has the size of grade i mod `gradesOf`; grades take turns, so that each sees all of time.

import { Random } from '../core/random.ts'

export const anomalyKinds = ['spike', 'level-shift', 'drift', 'noise', 'stuck', 'swapped', 'combination'] as const
export type AnomalyKind = (typeof anomalyKinds)[number]

export interface AnomalySource {
  readonly rows: Float32Array
  readonly count: number
  readonly width: number
  /** For each column, the index of its feature. */
  readonly groups: Int32Array
  readonly seed: number
}

/** Deviations; of a combination, the share of the features that come from another row. */
const sizes: Readonly<Record<AnomalyKind, readonly number[]>> = {
  spike: [1, 2, 3, 4.5, 7, 12],
  'level-shift': [0.5, 1, 1.5, 2.5, 4, 7],
  drift: [0.5, 1, 1.5, 2.5, 4, 7],
  noise: [0.3, 0.6, 1, 1.7, 3, 5],
  stuck: [1],
  swapped: [1],
  combination: [0.2, 0.35, 0.5],
}
/** Features that a level shift or noise takes, as a share, besides the one that it takes anyway. */
const takenShare = 0.3

export function gradesOf(kind: AnomalyKind): number {
  return sizes[kind].length
}

/** `wanted` rows, evenly taken from all of time, each with one anomaly of the kind. */
export function injected(kind: AnomalyKind, source: AnomalySource, wanted: number): Float32Array {
  const { rows, count, width, groups, seed } = source
  const random = Random.derived(seed, kind)
  const { centre, deviation } = spreads(rows, count, width)
  const stepWidth = stepWidthOf(groups)
  const moving = Array.from({ length: stepWidth }, (_, j) => width - stepWidth + j).filter((j) => deviation[j]! > 0)
  const out = new Float32Array(wanted * width)
  for (let i = 0; i < wanted; i++) {
    const from = Math.floor((i * count) / wanted) * width
    const row = out.subarray(i * width, (i + 1) * width)
    row.set(rows.subarray(from, from + width))
    if (moving.length === 0) continue
    const other = random.integer(count) * width
    const size = sizes[kind][i % sizes[kind].length]!
    spoil(kind, { row, other: rows.subarray(other, other + width), size, moving, stepWidth, centre, deviation }, random)
  }
  return out
}

interface Spoilt {
  readonly row: Float32Array
  /** A row of another time. */
  readonly other: Float32Array
  readonly size: number
  /** Columns of the last step that vary at all. */
  readonly moving: readonly number[]
  readonly stepWidth: number
  readonly centre: Float64Array
  readonly deviation: Float64Array
}

function spoil(kind: AnomalyKind, spoilt: Spoilt, random: Random): void {
  const { row, size, moving, stepWidth, centre, deviation } = spoilt
  const column = moving[random.integer(moving.length)]!
  const sign = random.uniform() < 0.5 ? -1 : 1
  switch (kind) {
    case 'spike':
      row[column] = (Number.isNaN(row[column]!) ? centre[column]! : row[column]!) + sign * size * deviation[column]!
      break
    case 'level-shift':
      for (const j of taken(column, moving, takenShare, random))
        for (let at = j; at >= 0; at -= stepWidth) row[at]! += sign * size * deviation[j]!
      break
    case 'drift': {
      // Up to its size through the window.
      const steps = row.length / stepWidth
      for (let at = column, s = steps; at >= 0; at -= stepWidth, s--)
        row[at]! += ((sign * s) / steps) * size * deviation[column]!
      break
    }
    case 'noise':
      for (const j of taken(column, moving, takenShare, random))
        for (let at = j; at >= 0; at -= stepWidth) row[at]! += random.normal() * size * deviation[j]!
      break
    case 'stuck':
      stick(spoilt, column)
      break
    case 'swapped':
      swap(spoilt, column, moving[random.integer(moving.length)]!)
      break
    case 'combination':
      for (const j of taken(column, moving, size, random))
        for (let at = j; at >= 0; at -= stepWidth) row[at] = spoilt.other[at]!
      break
    default:
      kind satisfies never
  }
}

function taken(column: number, moving: readonly number[], share: number, random: Random): number[] {
  return moving.filter((j) => j === column || random.uniform() < share)
}

/** Columns of one step of a window: a new step begins where the features begin anew. */
function stepWidthOf(groups: Int32Array): number {
  for (let j = 1; j < groups.length; j++) if (groups[j]! < groups[j - 1]!) return j
  return groups.length
}

/** The column keeps one value through the window; in a row of one step, that of another time, which others moved on from. */
function stick({ row, other, stepWidth }: Spoilt, column: number): void {
  if (row.length === stepWidth) row[column] = other[column]!
  else for (let at = column; at >= 0; at -= stepWidth) row[at] = row[column]!
}

/** Two columns trade their places, in units of their spread: what a swapped wire does. */
function swap({ row, stepWidth, centre, deviation }: Spoilt, a: number, b: number): void {
  for (let back = 0; back <= Math.min(a, b); back += stepWidth) {
    const [one, two] = [a - back, b - back]
    if (deviation[one] === 0 || deviation[two] === 0) continue
    const za = (row[one]! - centre[one]!) / deviation[one]!
    const zb = (row[two]! - centre[two]!) / deviation[two]!
    row[one] = centre[one]! + zb * deviation[one]!
    row[two] = centre[two]! + za * deviation[two]!
  }
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
