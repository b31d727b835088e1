// Bend: what a member with it sees of values, and back, in plain TypeScript, for fits and explanations. When rows are scored
// the kernel looks (members-bend.ts).

import { bent, unbent } from './kernel/twin-bend.ts'
import type { Bend } from './model.ts'

/** Rows (NaN = missing) as they are seen; NaN stays. */
export function bentBy({ center, inverse, scale }: Bend, rows: Float32Array): Float32Array {
  const width = center.length
  const out = new Float32Array(rows.length)
  for (let from = 0; from < rows.length; from += width)
    for (let j = 0; j < width; j++) {
      const value = rows[from + j]!
      out[from + j] = Number.isNaN(value) ? Number.NaN : bent(value, center[j]!, inverse[j]!, scale[j]!)
    }
  return out
}

/** The value of a column that is seen as `value`. */
export function valueBentTo({ center, inverse, scale }: Bend, column: number, value: number): number {
  return unbent(value, center[column]!, inverse[column]!, scale[column]!)
}
