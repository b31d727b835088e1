// Table windows: a table's rows as windows of w consecutive rows, and scores of windows back on rows.
// restored: a cell is the mean of what all windows that cover it make of it.
// causal: the score of a window stands on its last row, known at once; the first w − 1 rows carry the first full window's.
// spread: a row gets the mean score of all windows that cover it, known up to w − 1 rows later.

import { Failure } from '../../libs/core/failure.ts'
import type { Detector } from '../../libs/detector/detector.ts'

/** All windows of `window` rows, oldest row first: (count − window + 1) × (window · width). */
export function windowsOf(rows: Float32Array, count: number, width: number, window: number): Float32Array {
  const total = Math.max(0, count - window + 1)
  const windows = new Float32Array(total * window * width)
  for (let i = 0; i < total; i++) windows.set(rows.subarray(i * width, (i + window) * width), i * window * width)
  return windows
}

/** A score a row. Failure('data-invalid') where the table is shorter than one window. */
export function scoresOf(
  detector: Detector,
  rows: Float32Array,
  count: number,
  width: number,
  align: 'causal' | 'spread',
  place: string,
): Float32Array {
  const window = detector.width / width
  if (count === 0) return new Float32Array(0)
  const total = windowCount(count, window, place)
  const scores = new Float32Array(total)
  const chunk = new Float32Array(detector.rowsMax)
  for (let from = 0; from < total; from += detector.rowsMax) {
    const size = Math.min(detector.rowsMax, total - from)
    for (let i = 0; i < size; i++) {
      detector.input.set(rows.subarray((from + i) * width, (from + i + window) * width), i * detector.width)
    }
    detector.score(size, chunk)
    scores.set(chunk.subarray(0, size), from)
  }
  return align === 'causal' ? causal(scores, count, window) : spread(scores, count, window)
}

/** How the rows of a table become those of a detector. */
export interface RowForm {
  /** Columns of the table. */
  readonly width: number
  /** Rows of the table in a row of the detector. */
  readonly window: number
  readonly place: string
  /** Of each column, in training. */
  readonly means: Float32Array
}

/** What windows make of themselves. */
export interface Restoration {
  readonly restore: (row: Float32Array) => Float32Array
  /** Of each column of a window, whether anything is said of it. */
  readonly speaks: readonly boolean[]
}

/** How many windows there are of `count` > 0 rows. */
export function windowCount(count: number, window: number, place: string): number {
  if (count >= window) return count - window + 1
  throw new Failure('data-invalid', `${place}: ${count} rows are fewer than one window of ${window}`)
}

/**
 * Every cell as it is expected: the mean of what all windows that cover its row and say something of it make of it. Windows
 * that `wanted` does not ask for are passed over. A cell of which no window says anything stays as it is; if it is missing,
 * it is taken for the mean of its column.
 */
export function restoredRows(
  cells: Float32Array,
  { width, window, place, means }: RowForm,
  { restore, speaks }: Restoration,
  wanted: (row: Float32Array) => boolean = () => true,
): Float32Array {
  const count = cells.length / width
  if (count === 0) return new Float32Array(0)
  const sums = new Float64Array(cells.length)
  const times = new Uint16Array(cells.length)
  for (let from = 0; from < windowCount(count, window, place) * width; from += width) {
    const row = cells.subarray(from, from + window * width)
    if (!wanted(row)) continue
    for (const [i, value] of restore(row).entries()) {
      if (speaks[i] !== true) continue
      sums[from + i] = (sums[from + i] as number) + value
      times[from + i] = (times[from + i] as number) + 1
    }
  }
  return cells.map((value, i) => {
    const said = times[i] as number
    if (said > 0) return (sums[i] as number) / said
    return Number.isNaN(value) ? (means[i % width] as number) : value
  })
}

function causal(scores: Float32Array, count: number, window: number): Float32Array {
  const out = new Float32Array(count)
  for (let row = 0; row < count; row++) out[row] = scores[Math.max(0, row - window + 1)] as number
  return out
}

function spread(scores: Float32Array, count: number, window: number): Float32Array {
  const sums = new Float64Array(scores.length + 1)
  for (let i = 0; i < scores.length; i++) sums[i + 1] = (sums[i] as number) + (scores[i] as number)
  const out = new Float32Array(count)
  for (let row = 0; row < count; row++) {
    const from = Math.max(0, row - window + 1)
    const to = Math.min(row, scores.length - 1) + 1
    out[row] = ((sums[to] as number) - (sums[from] as number)) / (to - from)
  }
  return out
}
