// Fit rows: which rows a fit reads, by position, and copies of them.

import type { Part } from './fit-split.ts'

export interface GivenRows {
  /** Stride = width; NaN = missing. */
  readonly rows: Float32Array
  readonly count: number
  readonly width: number
  /** Event time of each row. */
  readonly timesMs?: Float64Array
  /** Hash of each row's key, where keys may differ. */
  readonly keys?: Uint32Array
}

/** Positions of the rows without an infinity, oldest first; rows of one time keep their order. */
export function finiteInOrder({ rows, count, width, timesMs }: GivenRows): Int32Array {
  const positions: number[] = []
  for (let i = 0; i < count; i++) {
    let finite = true
    for (let j = 0; j < width; j++) {
      const value = rows[i * width + j]!
      finite &&= Number.isFinite(value) || Number.isNaN(value)
    }
    if (finite) positions.push(i)
  }
  if (timesMs !== undefined) positions.sort((a, b) => timesMs[a]! - timesMs[b]! || a - b)
  return Int32Array.from(positions)
}

export function joined(positions: Int32Array, [before, after]: readonly [Part, Part]): Int32Array {
  const out = new Int32Array(before.to - before.from + after.to - after.from)
  out.set(positions.subarray(before.from, before.to))
  out.set(positions.subarray(after.from, after.to), before.to - before.from)
  return out
}

export function gathered(rows: Float32Array, positions: Int32Array, width: number): Float32Array {
  const out = new Float32Array(positions.length * width)
  for (let i = 0; i < positions.length; i++) {
    const from = positions[i]! * width
    out.set(rows.subarray(from, from + width), i * width)
  }
  return out
}
