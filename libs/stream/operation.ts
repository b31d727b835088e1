// Operation: one feature at work, compiled from its layout: a loop over the records of a chunk that updates the feature's
// own cells of each record's key and writes the feature's columns. Operations do not see each other's cells, so each may
// go over the whole chunk before the next begins, as long as it takes the records in order.
// Invariants
//   O1 what an operation reads and writes of a slot are its own cells: hot ones, which every record needs and which lie
//      together for all operations (a cache line is 8 of them), and cold ones behind those.
//   O2 for a record that is the first of its key (fresh) the cells are set to `hot` and `cold` before anything else.
//   O3 cells hold finite numbers and infinities, never NaN: a missing value updates nothing.
//   O4 what is written to a row is NaN (missing) or finite.

import type { Columns } from '../codec/columns.ts'
import type { Slab } from './slab.ts'
import type { Transform } from './spec.ts'

export interface Operation {
  /** What the operation's cells of a key hold before its first record: those that every record needs, and the others. */
  readonly hot: Float64Array
  readonly cold: Float64Array
  /** Writes record k of the chunk to out[(row + k) · stride + its columns]; its cells begin at hotAt, coldAt of a slot. */
  run(chunk: Chunk, out: Float32Array, stride: number, hotAt: number, coldAt: number): void
}

/** Where and how a feature of numbers writes. */
export interface Target {
  readonly at: number
  readonly transform: Transform
  /** What a missing value is written as. */
  readonly fill: number
}

/** Where a feature of numbers reads and writes. */
export interface Place extends Target {
  /** Index of the field's want; −1 where records are counted. */
  readonly want: number
}

/** Accepted records, at most BLOCK_ROWS, a structure of arrays in order of offset. */
export interface Chunk {
  count: number
  /** Row of the first of them in what is written. */
  row: number
  readonly columns: Columns
  readonly slab: Slab
  /** Row of the record in `columns`. */
  readonly source: Int32Array
  /** First cell of the key's slot. */
  readonly cell: Int32Array
  /** 1 where the record is the first of its key. */
  readonly fresh: Uint8Array
  readonly timeMs: Float64Array
  /** Seconds since the greatest time of the key before, ≥ 0; NaN for its first record. */
  readonly sinceSeconds: Float64Array
  /** 0, 1, 2, … */
  readonly each: Int32Array
  /** Scratch of the operation that runs: FOUND numbers a record, and one answer, of which a column is written. */
  readonly found: Float64Array
  readonly ratios: Float64Array
  readonly answers: Float64Array
}

/** Most numbers that a pane holds. */
export const FOUND = 3

export function chunkOf(rowsMax: number, columns: Columns, slab: Slab): Chunk {
  return {
    count: 0,
    row: 0,
    columns,
    slab,
    source: new Int32Array(rowsMax),
    cell: new Int32Array(rowsMax),
    fresh: new Uint8Array(rowsMax),
    timeMs: new Float64Array(rowsMax),
    sinceSeconds: new Float64Array(rowsMax),
    each: Int32Array.from({ length: rowsMax }, (_, k) => k),
    found: new Float64Array(FOUND * rowsMax),
    ratios: new Float64Array(rowsMax),
    answers: new Float64Array(rowsMax),
  }
}

/** What numbers may be: beyond ±1e15 a double loses thousandths, and squares of sums lose their meaning. */
export const VALUE_MAX = 1e15

/** x over the mean of `count` others; missing where there are none or their mean is 0; bounded, as every value is (O4). */
export function ratio(x: number, count: number, sum: number): number {
  if (!(count > 0) || sum === 0) return Number.NaN
  return Math.max(-VALUE_MAX, Math.min(VALUE_MAX, x / (sum / count)))
}

/** Cells of a key that has none yet (O2). */
export function reset(cells: Float64Array, hotAt: number, hot: Float64Array, coldAt: number, cold: Float64Array): void {
  for (let i = 0; i < hot.length; i++) cells[hotAt + i] = hot[i]!
  for (let i = 0; i < cold.length; i++) cells[coldAt + i] = cold[i]!
}
