// Ranks: what a member with them sees of values, and back, in plain TypeScript, for fits and explanations. When rows are
// scored the kernel looks (members-ranks.ts).

import { rank } from './kernel/twin-rank.ts'
import type { Ranks } from './model.ts'

/** Rows (NaN = missing) as they are seen; NaN stays. */
export function rankedBy({ knots, at, seen }: Ranks, rows: Float32Array): Float32Array {
  const width = at.length / knots
  const heap = new Float32Array(at.length + seen.length)
  heap.set(at)
  heap.set(seen, at.length)
  return rows.map((value, i) => {
    const from = (i % width) * knots
    return Number.isNaN(value) ? Number.NaN : rank(heap, value, knots, from, at.length + from)
  })
}

/** The value of a column that is seen as `value`; of several the least. */
export function valueSeenAs({ knots, at, seen }: Ranks, column: number, value: number): number {
  const own = { at: at.subarray(column * knots, (column + 1) * knots), seen: seen.subarray(column * knots) }
  let high = 0
  while (high < knots - 1 && own.seen[high]! < value) high++
  const [to, place] = [own.seen[high]!, own.at[high]!]
  const [from, start] = [own.seen[high - 1] ?? to, own.at[high - 1] ?? place]
  if (value >= to || from >= to) return place
  return start + ((value - from) / (to - from)) * (place - start)
}
