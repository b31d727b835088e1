// Bend: what a member with it sees of values, and back, for fits and explanations. When rows are scored the kernel looks as
// part of a program (members-bend.ts).

import { Arena } from './kernel/arena.ts'
import { kernel as pickKernel } from './kernel/kernel.ts'
import { BEND, operation } from './kernel/program.ts'
import { unbent } from './kernel/twin-bend.ts'
import type { Bend } from './model.ts'

/** Rows side by side in the kernel: whole vectors, whatever the width. */
const abreast = 4
/** Such rows of one run. */
const runRows = 64

/** Rows (NaN = missing) as they are seen; NaN stays. */
export function bentBy({ center, inverse, scale }: Bend, rows: Float32Array): Float32Array {
  const width = center.length
  const arena = new Arena()
  const tables = [center, inverse, scale].map((table) => arena.place(repeated(table)))
  const place = arena.reserve(runRows * abreast * width)
  const program = arena.program(operation(BEND, place, width, ...tables, 0, place))
  const kernel = pickKernel(arena.bytes)
  arena.furnish(kernel.memory)
  const seen = new Float32Array(kernel.memory, place, runRows * abreast * width)
  const out = new Float32Array(rows.length)
  for (let from = 0; from < rows.length; from += seen.length) {
    const size = Math.min(seen.length, rows.length - from)
    seen.set(rows.subarray(from, from + size))
    kernel.run(program, runRows, runRows)
    out.set(seen.subarray(0, size), from)
  }
  for (let i = 0; i < out.length; i++) if (Number.isNaN(rows[i]!)) out[i] = Number.NaN
  return out
}

function repeated(table: Float32Array): Float32Array {
  const out = new Float32Array(abreast * table.length)
  for (let row = 0; row < abreast; row++) out.set(table, row * table.length)
  return out
}

/** The value of a column that is seen as `value`. */
export function valueBentTo({ center, inverse, scale }: Bend, column: number, value: number): number {
  return unbent(value, center[column]!, inverse[column]!, scale[column]!)
}
