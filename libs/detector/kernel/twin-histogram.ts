// The twin's histogram: assembly/histogram.ts in plain TypeScript, to the same bits. Positions are in words; 0 as a position
// of masks means that nothing is missing.

import { pmax, pmin } from './twin-activation.ts'
import { logarithm } from './twin-logarithm.ts'

const f = Math.fround
const [least, most] = [f(1e-30), f(3e38)]

export interface Histogram {
  readonly columns: number
  readonly low: number
  readonly inverse: number
  readonly table: number
  readonly bins: number
  readonly rate: number
  readonly base: number
  readonly floor: number
}

/** The score of the row at `z`. */
export function histogram(
  heap: Float32Array,
  words: Int32Array,
  z: number,
  masks: number,
  { columns, low, inverse, table, bins, rate, base, floor }: Histogram,
): number {
  const lanes = [0, 0, 0, 0]
  for (let column = 0; column < columns; column++) {
    const place = f(f(heap[z + column]! - heap[low + column]!) * heap[inverse + column]!)
    const missing = masks > 0 && words[masks + column] !== 0
    const entry = missing ? bins + 2 : Math.trunc(Math.min(Math.max(f(place + 1), 0), bins + 1))
    lanes[column & 3] = f(lanes[column & 3]! + heap[table + column * (bins + 3) + entry]!)
  }
  const plain = f(f(f(lanes[0]! + lanes[1]!) + lanes[2]!) + lanes[3]!)
  const sum = rate > 0 ? f(rate * logarithm(pmin(most, pmax(least, plain)))) : plain
  return Math.max(f(sum - base), floor)
}
