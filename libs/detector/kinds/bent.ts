// The linear member of bent columns: the Mahalanobis distance of what is seen when each column counts as it is about its
// median and by its logarithm farther out. A few columns with long tails make the plain distance one over these alone, and
// rows that are strange in all others drown; bent, they count among others.
// Source of the bending: Burbidge, Magee and Robb, Alternative transformations to handle extreme values of the dependent
// variable (1988).

import { bentBy } from '../bend.ts'
import type { Bend, DenseMember } from '../model.ts'
import { columnOf } from './column.ts'
import type { TrainingRows } from './kind.ts'
import { linearMember } from './linear.ts'

/** The bending begins at half a deviation. */
const steepness = 2
/** Quartiles of a normal column lie so many deviations apart. */
const quartilesApart = 1.349
/** With quartiles nearer to each other, in deviations, most rows hold one value, and the deviation says more. */
const spreadMin = 1e-3
const deviationMin = 1e-6

/** Of more values of a column every k-th tells how it is bent. */
const valuesMax = 16_384

/** Rows as they are seen. */
export interface BentRows extends TrainingRows {
  readonly bend: Bend
}

export function bentRows(training: TrainingRows): BentRows {
  const bend = bendOf(training)
  const { rows, count, width } = training
  return { rows: bentBy(bend, rows.subarray(0, count * width)), count, width, bend }
}

export function bentMember(seen: BentRows): DenseMember {
  return { ...linearMember(seen), bend: seen.bend }
}

/** What is seen of each column has deviation 1; of one that never moved its scale is left as it is. */
function bendOf({ rows, count, width }: TrainingRows): Bend {
  const bend = {
    center: new Float32Array(width),
    inverse: new Float32Array(width).fill(steepness),
    scale: new Float32Array(width).fill(1),
  }
  for (let j = 0; j < width; j++) {
    const all = columnOf(rows, count, width, j)
    const every = Math.ceil(all.length / valuesMax)
    const column = every > 1 ? everyOf(all, every).sort() : all.sort()
    if (column.length === 0) continue
    bend.center[j] = quantile(column, 0.5)
    const deviation = deviationOf(column)
    const spread = (quantile(column, 0.75) - quantile(column, 0.25)) / quartilesApart
    const typical = spread > spreadMin * deviation ? spread : deviation
    if (typical > deviationMin) bend.inverse[j] = steepness / typical
    const own = { center: bend.center.subarray(j, j + 1), inverse: bend.inverse.subarray(j, j + 1), scale: one }
    const seen = deviationOf(bentBy(own, column))
    if (seen > deviationMin) bend.scale[j] = 1 / seen
  }
  return bend
}

const one = Float32Array.of(1)

function everyOf(values: Float32Array, every: number): Float32Array {
  const kept = new Float32Array(Math.ceil(values.length / every))
  for (let i = 0; i < kept.length; i++) kept[i] = values[i * every]!
  return kept
}

/** Of values in order, straight between two. */
function quantile(sorted: Float32Array, share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below]!
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!
  return low + (place - below) * (high - low)
}

function deviationOf(values: Float32Array): number {
  let [sum, squares] = [0, 0]
  for (const value of values) sum += value
  const mean = sum / values.length
  for (const value of values) squares += (value - mean) ** 2
  return Math.sqrt(squares / values.length)
}
