// Novelty feature: a value's novelty (novelty.ts) to its key, from cells of a slot; and to a series, from cells of its own.
// A missing value neither enters nor speaks.

import { novelty, noveltyCold, noveltyHot } from './novelty.ts'
import { type Chunk, type Operation, reset } from './operation.ts'

export function noveltyFeature(want: number, at: number, fill: number): Operation {
  return {
    hot: noveltyHot,
    cold: noveltyCold,
    run(chunk: Chunk, out: Float32Array, stride: number, hotAt: number, coldAt: number): void {
      const values = chunk.columns.numbers[want]!
      const { count, source, cell, fresh } = chunk
      const { cells } = chunk.slab
      for (let k = 0, to = chunk.row * stride + at; k < count; k++, to += stride) {
        const hot = cell[k]! + hotAt
        const cold = cell[k]! + coldAt
        if (fresh[k] === 1) reset(cells, hot, noveltyHot, cold, noveltyCold)
        const x = values[source[k]!]! + 0
        out[to] = Number.isNaN(x) ? fill : novelty(cells, hot, cold, x)
      }
    },
  }
}

/** The novelty of each value of a series to those before it; NaN where the value is. */
export function noveltiesOf(series: Float32Array): Float32Array {
  const cells = Float64Array.of(...noveltyHot, ...noveltyCold)
  return series.map((x) => (Number.isNaN(x) ? x : novelty(cells, 0, noveltyHot.length, x + 0)))
}
