// Sliding: the window aggregates as operations. Features that ask for the same numbers in the same window are one
// operation on the same panes: of sum, mean, spread and ratio of a field only one keeps state.
// Invariants
//   W1 what a feature answers does not depend on which others share its panes.

import { type Chunk, FOUND, type Operation, type Place, ratio } from './operation.ts'
import { add, combine, type PaneKind } from './pane.ts'
import { arrive, panes, straggle, TOTAL_AT } from './panes.ts'
import type { AggregateOperation } from './spec.ts'
import { writeColumn } from './write-column.ts'

/** A feature that asks; of those that share panes, only their columns, transforms and operations differ. */
export interface Asked {
  readonly operation: AggregateOperation | 'ratio'
  readonly place: Place
}

/** Names alike what can share panes, in the same window of the same field. */
export function sharing(operation: Asked['operation']): string {
  switch (operation) {
    case 'count':
    case 'rate':
      return 'records'
    case 'sum':
    case 'mean':
    case 'std':
    case 'ratio':
      return 'moments'
    case 'min':
    case 'max':
      return operation
    default:
      return operation satisfies never
  }
}

export function windowFeatures(asked: readonly Asked[], windowMs: number): Operation {
  const operations = asked.map(({ operation }) => operation)
  const kind = paneKind(operations)
  const kept = panes(kind, windowMs)
  const want = asked[0]?.place.want ?? -1
  // The greatest is the least of what is mirrored.
  const sign = operations.includes('max') ? -1 : 1
  const hasRatio = operations.includes('ratio')
  return {
    hot: kept.hot,
    cold: kept.cold,
    run(chunk: Chunk, out: Float32Array, stride: number, hotAt: number, coldAt: number): void {
      const { count, source, cell, fresh, timeMs, slab, found, ratios } = chunk
      const { cells } = slab
      const values = want < 0 ? null : chunk.columns.numbers[want]!
      for (let k = 0; k < count; k++) {
        const hot = cell[k]! + hotAt
        const cold = cell[k]! + coldAt
        const now = hot + kept.nowAt
        // Adding 0 turns −0 into 0.
        const x = values === null ? 0 : sign * values[source[k]!]! + 0
        const index = Math.floor(timeMs[k]! / kept.paneMs)
        const isNow = arrive(kept, slab, hot, cold, fresh[k]!, index)
        if (hasRatio) {
          combine(kind, cells, hot + TOTAL_AT, cells, now, found, FOUND * k)
          ratios[k] = ratio(x, found[FOUND * k]!, found[FOUND * k + 1]!)
        }
        if (!Number.isNaN(x)) {
          if (isNow) add(kind, cells, now, x)
          else straggle(kept, slab, hot, cold, index, x)
        }
        combine(kind, cells, hot + TOTAL_AT, cells, now, found, FOUND * k)
      }
      for (const one of asked) {
        answer(one.operation, windowMs, chunk)
        writeColumn(chunk.answers, chunk.each, chunk, one.place, out, stride)
      }
    },
  }
}

function paneKind(operations: readonly Asked['operation'][]): PaneKind {
  if (operations.includes('std')) return 'spread'
  if (operations.includes('count') || operations.includes('rate')) return 'count'
  return operations.includes('min') || operations.includes('max') ? 'least' : 'sum'
}

/** What the window says at each record, NaN where it says nothing, from the numbers found there. */
function answer(operation: Asked['operation'], windowMs: number, chunk: Chunk): void {
  const { count, found, answers, ratios } = chunk
  switch (operation) {
    case 'count':
    case 'rate': {
      const scale = operation === 'count' ? 1 : 1000 / windowMs
      for (let k = 0; k < count; k++) answers[k] = found[FOUND * k]! * scale
      break
    }
    case 'sum':
      for (let k = 0; k < count; k++) answers[k] = found[FOUND * k + 1]!
      break
    case 'mean':
      for (let k = 0; k < count; k++) answers[k] = found[FOUND * k + 1]! / found[FOUND * k]!
      break
    case 'std':
      for (let k = 0; k < count; k++) answers[k] = Math.sqrt(found[FOUND * k + 2]! / found[FOUND * k]!)
      break
    case 'ratio':
      for (let k = 0; k < count; k++) answers[k] = ratios[k]!
      break
    case 'min':
    case 'max': {
      const sign = operation === 'min' ? 1 : -1
      for (let k = 0; k < count; k++) {
        const least = found[FOUND * k]!
        answers[k] = least < Number.POSITIVE_INFINITY ? sign * least : Number.NaN
      }
      break
    }
    default:
      throw operation satisfies never
  }
}
