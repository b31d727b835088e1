// Operation: one feature at work, compiled from its layout: a loop over the records of a chunk that updates the feature's
// own cells of each record's key and writes the feature's columns. Operations do not see each other's cells, so each may
// go over the whole chunk before the next begins, as long as it takes the records in order.
// Invariants
//   O1 what an operation reads and writes of a slot are its own cells, [base, base + blank.length).
//   O2 for a record that is the first of its key (fresh) the cells are set to `blank` before anything else.
//   O3 cells hold finite numbers and infinities, never NaN: a missing value updates nothing.
//   O4 what is written to a row is NaN (missing) or finite.

import type { Columns } from '../codec/columns.ts'
import type { Slab } from './slab.ts'

export interface Operation {
  /** What the operation's cells of a key hold before its first record; its length is their number. */
  readonly blank: Float64Array
  /** Writes record k of the chunk to out[(row + k) · stride + its columns]. */
  run(chunk: Chunk, out: Float32Array, stride: number): void
}

/** Accepted records, at most BLOCK_ROWS, a structure of arrays in order of offset. */
export interface Chunk {
  count: number
  /** Row of the first of them in what is written. */
  row: number
  readonly columns: Columns
  readonly slabs: readonly Slab[]
  /** Row of the record in `columns`. */
  readonly source: Int32Array
  readonly bucket: Int32Array
  /** First cell of the key's slot in its slab. */
  readonly cell: Int32Array
  /** 1 where the record is the first of its key. */
  readonly fresh: Uint8Array
  readonly timeMs: Float64Array
  /** Seconds since the greatest time of the key before, ≥ 0; NaN for its first record. */
  readonly sinceSeconds: Float64Array
}

/** What numbers may be: beyond ±1e15 a double loses thousandths, and squares of sums lose their meaning. */
export const VALUE_MAX = 1e15

/** A quotient as it may enter a row (O4). */
export function bounded(x: number): number {
  return Math.max(-VALUE_MAX, Math.min(VALUE_MAX, x))
}

/** Cells of the first record of a key (O2). */
export function reset(cells: Float64Array, base: number, blank: Float64Array): void {
  for (let i = 0; i < blank.length; i++) cells[base + i] = blank[i]!
}
