// The last step of every feature of numbers: missing values filled, the transform, a column of the rows.

import type { Chunk, Target } from './operation.ts'
import { transformed } from './transform.ts'

/** Writes values[index[k]] of each record k of the chunk; NaN is missing. Adding 0 turns −0 into 0. */
export function writeColumn(
  values: Float64Array,
  index: Int32Array,
  chunk: Chunk,
  { at, transform, fill }: Target,
  out: Float32Array,
  stride: number,
): void {
  const { count, row } = chunk
  // Most columns of most rows: a loop of its own, without the question for a transform.
  if (transform === 'none') {
    for (let k = 0, to = row * stride + at; k < count; k++, to += stride) {
      const x = values[index[k]!]! + 0
      out[to] = Number.isNaN(x) ? fill : x
    }
    return
  }
  for (let k = 0, to = row * stride + at; k < count; k++, to += stride) {
    const x = values[index[k]!]! + 0
    out[to] = transformed(transform, Number.isNaN(x) ? fill : x)
  }
}
