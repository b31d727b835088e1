// Decay: aggregates that forget by half every half-life of event time. Exact: each record weighs 2^−(age / half-life),
// age against the key's greatest time; a straggler enters with the weight that it has by now.
// Invariants
//   D1 cells are: the time the weights are as of, the sum of weights, the weighted sum, the weighted squared deviations.
//   D2 weights below WEIGHT_MIN are forgotten wholly, so that nothing is ever divided by what rounding left over.
//   D3 `rate` is the sum of weights over the mean age of a record at constant rate, half-life / ln 2.
// Spread by West's weighted update (1979).

import assert from 'node:assert/strict'
import { exp2 } from '../core/elementary.ts'
import { type Chunk, type Operation, type Place, ratio, reset } from './operation.ts'
import type { AggregateOperation } from './spec.ts'
import { writeColumn } from './write-column.ts'

/** Sum of weights under which a key counts as empty: that of one record 40 half-lives ago. */
const WEIGHT_MIN = 2 ** -40
const NONE = new Float64Array(0)
const WEIGHT = 1
const SUM = 2
const SQUARES = 3

export function decayFeature(operation: AggregateOperation | 'ratio', halfLifeMs: number, place: Place): Operation {
  assert.ok(operation !== 'min' && operation !== 'max', 'an extreme has no half-life')
  const { want } = place
  const hot = Float64Array.of(Number.NEGATIVE_INFINITY, 0, 0, 0)
  const scale = operation === 'rate' ? (1000 * Math.LN2) / halfLifeMs : 1
  return {
    hot,
    cold: NONE,
    run(chunk: Chunk, out: Float32Array, stride: number, hotAt: number): void {
      const { count, source, cell: first, fresh, timeMs, answers } = chunk
      const { cells } = chunk.slab
      const values = want < 0 ? null : chunk.columns.numbers[want]!
      for (let k = 0; k < count; k++) {
        const cell = first[k]! + hotAt
        if (fresh[k] === 1) reset(cells, cell, hot, 0, NONE)
        const weight = age(cells, cell, timeMs[k]!, halfLifeMs)
        const x = values === null ? 1 : values[source[k]!]!
        let y = operation === 'ratio' ? ratio(x, cells[cell + WEIGHT]!, cells[cell + SUM]!) : Number.NaN
        if (!Number.isNaN(x) && weight >= WEIGHT_MIN) add(cells, cell, x, weight)
        if (operation !== 'ratio') y = answer(operation, cells, cell) * scale
        answers[k] = y
      }
      writeColumn(answers, chunk.each, chunk, place, out, stride)
    },
  }
}

/** Brings the cells up to time t and answers the weight of a record of that time: 1, or less for a straggler. */
function age(cells: Float64Array, cell: number, t: number, halfLifeMs: number): number {
  const asOf = cells[cell]!
  if (t <= asOf) return exp2((t - asOf) / halfLifeMs)
  cells[cell] = t
  const factor = exp2((asOf - t) / halfLifeMs)
  const left = cells[cell + WEIGHT]! * factor
  const kept = left < WEIGHT_MIN ? 0 : factor
  cells[cell + WEIGHT] = cells[cell + WEIGHT]! * kept
  cells[cell + SUM] = cells[cell + SUM]! * kept
  cells[cell + SQUARES] = cells[cell + SQUARES]! * kept
  return 1
}

function add(cells: Float64Array, cell: number, x: number, weight: number): void {
  const before = cells[cell + WEIGHT]!
  const after = before + weight
  if (before > 0) {
    const d = x - cells[cell + SUM]! / before
    cells[cell + SQUARES] = cells[cell + SQUARES]! + ((before * weight) / after) * d * d
  }
  cells[cell + WEIGHT] = after
  cells[cell + SUM] = cells[cell + SUM]! + weight * x
}

function answer(operation: 'count' | 'rate' | 'sum' | 'mean' | 'std', cells: Float64Array, cell: number): number {
  const weight = cells[cell + WEIGHT]!
  switch (operation) {
    case 'count':
    case 'rate':
      return weight
    case 'sum':
      return cells[cell + SUM]!
    case 'mean':
      return cells[cell + SUM]! / weight
    case 'std':
      return Math.sqrt(cells[cell + SQUARES]! / weight)
    default:
      return operation satisfies never
  }
}
