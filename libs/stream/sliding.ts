// Sliding: the window aggregates as operations, one loop for each kind of pane: counts, sums, spreads, extremes.
// Spread is kept as the sum of squared deviations within each pane (Youngs and Cramer, 1971) and combined across panes by
// their means (Chan, Golub and LeVeque, 1979): exact enough where the mean is far greater than the spread.

import { type Chunk, type Operation, type Place, ratio } from './operation.ts'
import { advance, begin, nowAt, type PaneKind, panes, straggle, TOTAL_AT } from './panes.ts'
import type { AggregateOperation } from './spec.ts'
import { transformed } from './transform.ts'

export function windowFeature(operation: AggregateOperation | 'ratio', windowMs: number, place: Place): Operation {
  switch (operation) {
    case 'count':
      return countFeature(windowMs, 1, place)
    case 'rate':
      return countFeature(windowMs, 1000 / windowMs, place)
    case 'sum':
    case 'mean':
    case 'ratio':
      return sumFeature(operation, windowMs, place)
    case 'std':
      return spreadFeature(windowMs, place)
    case 'min':
      return extremeFeature(1, windowMs, place)
    case 'max':
      return extremeFeature(-1, windowMs, place)
    default:
      return operation satisfies never
  }
}

const COUNTS: PaneKind = {
  numbers: 1,
  stored: ['count'],
  empty: 0,
  add(cells, at): void {
    cells[at] = cells[at]! + 1
  },
  merge(cells, at, from): void {
    cells[at] = cells[at]! + from[0]!
  },
}

function countFeature(windowMs: number, scale: number, place: Place): Operation {
  const { at, transform } = place
  const kept = panes(COUNTS, windowMs)
  const now = nowAt(COUNTS)
  return {
    hot: kept.hot,
    cold: kept.cold,
    run(chunk: Chunk, out: Float32Array, stride: number, hotAt: number, coldAt: number): void {
      const { count, cell, fresh, timeMs, slab } = chunk
      const { cells } = slab
      for (let k = 0, to = chunk.row * stride + at; k < count; k++, to += stride) {
        const hot = cell[k]! + hotAt
        const cold = cell[k]! + coldAt
        const index = Math.floor(timeMs[k]! / kept.paneMs)
        if (fresh[k] === 1) begin(kept, cells, hot, cold, index)
        else if (index > cells[hot]!) advance(kept, slab, hot, cold, index)
        if (index === cells[hot]) COUNTS.add(cells, hot + now, 1)
        else straggle(kept, slab, hot, cold, index, 1)
        out[to] = transformed(transform, (cells[hot + TOTAL_AT]! + cells[hot + now]!) * scale)
      }
    },
  }
}

const SUMS: PaneKind = {
  numbers: 2,
  stored: ['count', 'double'],
  empty: 0,
  add(cells, at, x): void {
    cells[at] = cells[at]! + 1
    cells[at + 1] = cells[at + 1]! + x
  },
  merge(cells, at, from): void {
    cells[at] = cells[at]! + from[0]!
    cells[at + 1] = cells[at + 1]! + from[1]!
  },
}

function sumFeature(operation: 'sum' | 'mean' | 'ratio', windowMs: number, place: Place): Operation {
  const { want, at, transform, fill } = place
  const kept = panes(SUMS, windowMs)
  const now = nowAt(SUMS)
  return {
    hot: kept.hot,
    cold: kept.cold,
    run(chunk: Chunk, out: Float32Array, stride: number, hotAt: number, coldAt: number): void {
      const { count, source, cell, fresh, timeMs, slab } = chunk
      const { cells } = slab
      const values = chunk.columns.numbers[want]!
      for (let k = 0, to = chunk.row * stride + at; k < count; k++, to += stride) {
        const hot = cell[k]! + hotAt
        const cold = cell[k]! + coldAt
        const x = values[source[k]!]!
        const index = Math.floor(timeMs[k]! / kept.paneMs)
        if (fresh[k] === 1) begin(kept, cells, hot, cold, index)
        else if (index > cells[hot]!) advance(kept, slab, hot, cold, index)
        let y = operation === 'ratio' ? ratio(x, countOf(cells, hot, now), sumOf(cells, hot, now)) : 0
        if (!Number.isNaN(x)) {
          if (index === cells[hot]) SUMS.add(cells, hot + now, x)
          else straggle(kept, slab, hot, cold, index, x)
        }
        if (operation === 'sum') y = sumOf(cells, hot, now)
        else if (operation === 'mean') y = sumOf(cells, hot, now) / countOf(cells, hot, now)
        out[to] = transformed(transform, Number.isNaN(y) ? fill : y)
      }
    },
  }
}

function countOf(cells: Float64Array, hot: number, now: number): number {
  return cells[hot + TOTAL_AT]! + cells[hot + now]!
}

function sumOf(cells: Float64Array, hot: number, now: number): number {
  return cells[hot + TOTAL_AT + 1]! + cells[hot + now + 1]!
}

/** Count, sum, sum of squared deviations from the pane's own mean. */
const SPREADS: PaneKind = {
  numbers: 3,
  stored: ['count', 'double', 'float'],
  empty: 0,
  add(cells, at, x): void {
    const n = cells[at]! + 1
    const sum = cells[at + 1]! + x
    const d = n * x - sum
    if (n > 1) cells[at + 2] = cells[at + 2]! + (d * d) / (n * (n - 1))
    cells[at] = n
    cells[at + 1] = sum
  },
  merge(cells, at, from): void {
    const [n = 0, sum = 0, squares = 0] = from
    cells[at + 2] = combined(cells[at]!, cells[at + 1]!, cells[at + 2]!, n, sum, squares)
    cells[at] = cells[at]! + n
    cells[at + 1] = cells[at + 1]! + sum
  },
}

/** Squared deviations of two panes from their common mean. */
function combined(n: number, sum: number, squares: number, n2: number, sum2: number, squares2: number): number {
  if (n === 0) return squares2
  if (n2 === 0) return squares
  const d = sum / n - sum2 / n2
  return squares + squares2 + ((n * n2) / (n + n2)) * d * d
}

function spreadFeature(windowMs: number, place: Place): Operation {
  const { want, at, transform, fill } = place
  const kept = panes(SPREADS, windowMs)
  const now = nowAt(SPREADS)
  return {
    hot: kept.hot,
    cold: kept.cold,
    run(chunk: Chunk, out: Float32Array, stride: number, hotAt: number, coldAt: number): void {
      const { count, source, cell, fresh, timeMs, slab } = chunk
      const { cells } = slab
      const values = chunk.columns.numbers[want]!
      for (let k = 0, to = chunk.row * stride + at; k < count; k++, to += stride) {
        const hot = cell[k]! + hotAt
        const cold = cell[k]! + coldAt
        const x = values[source[k]!]!
        const index = Math.floor(timeMs[k]! / kept.paneMs)
        if (fresh[k] === 1) begin(kept, cells, hot, cold, index)
        else if (index > cells[hot]!) advance(kept, slab, hot, cold, index)
        if (!Number.isNaN(x)) {
          if (index === cells[hot]) SPREADS.add(cells, hot + now, x)
          else straggle(kept, slab, hot, cold, index, x)
        }
        const y = deviation(cells, hot + TOTAL_AT, hot + now)
        out[to] = transformed(transform, Number.isNaN(y) ? fill : y)
      }
    },
  }
}

/** Standard deviation of the population in two panes together; NaN where they are empty. */
function deviation(cells: Float64Array, a: number, b: number): number {
  const squares = combined(cells[a]!, cells[a + 1]!, cells[a + 2]!, cells[b]!, cells[b + 1]!, cells[b + 2]!)
  return Math.sqrt(squares / (cells[a]! + cells[b]!))
}

/** The least of sign · value. */
const EXTREMES: PaneKind = {
  numbers: 1,
  stored: ['float'],
  empty: Number.POSITIVE_INFINITY,
  add(cells, at, x): void {
    if (x < cells[at]!) cells[at] = x
  },
  merge(cells, at, from): void {
    if (from[0]! < cells[at]!) cells[at] = from[0]!
  },
}

/** The least value (sign 1) or the greatest (sign −1). */
function extremeFeature(sign: 1 | -1, windowMs: number, place: Place): Operation {
  const { want, at, transform, fill } = place
  const kept = panes(EXTREMES, windowMs)
  const now = nowAt(EXTREMES)
  return {
    hot: kept.hot,
    cold: kept.cold,
    run(chunk: Chunk, out: Float32Array, stride: number, hotAt: number, coldAt: number): void {
      const { count, source, cell, fresh, timeMs, slab } = chunk
      const { cells } = slab
      const values = chunk.columns.numbers[want]!
      for (let k = 0, to = chunk.row * stride + at; k < count; k++, to += stride) {
        const hot = cell[k]! + hotAt
        const cold = cell[k]! + coldAt
        // Adding 0 turns −0 into 0.
        const x = sign * values[source[k]!]! + 0
        const index = Math.floor(timeMs[k]! / kept.paneMs)
        if (fresh[k] === 1) begin(kept, cells, hot, cold, index)
        else if (index > cells[hot]!) advance(kept, slab, hot, cold, index)
        if (!Number.isNaN(x)) {
          if (index === cells[hot]) EXTREMES.add(cells, hot + now, x)
          else straggle(kept, slab, hot, cold, index, x)
        }
        const least = Math.min(cells[hot + TOTAL_AT]!, cells[hot + now]!)
        out[to] = transformed(transform, least < Number.POSITIVE_INFINITY ? sign * least + 0 : fill)
      }
    },
  }
}
