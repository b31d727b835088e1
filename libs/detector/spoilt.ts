// Spoilt: tables of which some cells were hidden, or noise was put on all, to see how much of them a detector restores; and
// what is left of the error, beside a baseline. Pure; random by a seed.

import { Random } from '../core/random.ts'

/** A copy in which a share of the known cells is missing (NaN). */
export function withGaps(cells: Float32Array, share: number, seed: number): Float32Array {
  const random = Random.derived(seed, 'gaps')
  return cells.map((value) => (Number.isNaN(value) || random.uniform() >= share ? value : Number.NaN))
}

/** A copy with normal noise on every known cell; `deviations` of it, a column each. */
export function withNoise(cells: Float32Array, deviations: Float32Array, seed: number): Float32Array {
  const random = Random.derived(seed, 'noise')
  return cells.map((value, i) => value + deviations[i % deviations.length]! * random.normal())
}

/** Of each column the middle of the known cells; 0 where there is none. */
export function medians(cells: Float32Array, width: number): Float32Array {
  return Float32Array.from({ length: width }, (_, j) => {
    const column = strided(cells, width, j).sort()
    const middle = column.length >> 1
    if (column.length === 0) return 0
    return column.length % 2 === 1 ? column[middle]! : (column[middle - 1]! + column[middle]!) / 2
  })
}

function strided(cells: Float32Array, width: number, from: number): Float32Array {
  const known: number[] = []
  for (let i = from; i < cells.length; i += width) if (!Number.isNaN(cells[i]!)) known.push(cells[i]!)
  return Float32Array.from(known)
}

export interface ColumnError {
  readonly cells: number
  /** Mean absolute error, in the column's units. */
  readonly restored: number
  readonly baseline: number
}

export interface Restored {
  readonly cells: number
  /** Of all columns: mean and root mean square of the errors, each in its column's standard deviations. */
  readonly mean: { readonly restored: number; readonly baseline: number }
  readonly root: { readonly restored: number; readonly baseline: number }
  readonly columns: readonly ColumnError[]
}

/** What remains of the error of the cells that differ between `truth` and `spoilt`, once restored, and by the baseline. */
export function errorsOf(
  truth: Float32Array,
  spoilt: Float32Array,
  guesses: { readonly restored: Float32Array; readonly baseline: Float32Array },
  deviations: Float32Array,
): Restored {
  const width = deviations.length
  const counts = new Float64Array(width)
  const [restored, baseline] = [sums(width), sums(width)]
  for (let i = 0; i < truth.length; i++) {
    if (Number.isNaN(truth[i]!) || spoilt[i] === truth[i]) continue
    const j = i % width
    counts[j]! += 1
    add(restored, j, truth[i]! - guesses.restored[i]!)
    add(baseline, j, truth[i]! - guesses.baseline[i]!)
  }
  const cells = counts.reduce((sum, count) => sum + count, 0)
  const overall = (sums: Float64Array, units: Float32Array): number =>
    cells === 0 ? 0 : sums.reduce((sum, value, j) => sum + value / units[j]!, 0) / cells
  const squares = deviations.map((deviation) => deviation * deviation)
  return {
    cells,
    mean: { restored: overall(restored.absolute, deviations), baseline: overall(baseline.absolute, deviations) },
    root: {
      restored: Math.sqrt(overall(restored.squares, squares)),
      baseline: Math.sqrt(overall(baseline.squares, squares)),
    },
    columns: Array.from(counts, (count, j) => ({
      cells: count,
      restored: count === 0 ? 0 : restored.absolute[j]! / count,
      baseline: count === 0 ? 0 : baseline.absolute[j]! / count,
    })),
  }
}

interface Sums {
  readonly absolute: Float64Array
  readonly squares: Float64Array
}

function sums(width: number): Sums {
  return { absolute: new Float64Array(width), squares: new Float64Array(width) }
}

function add({ absolute, squares }: Sums, j: number, error: number): void {
  absolute[j]! += Math.abs(error)
  squares[j]! += error * error
}
