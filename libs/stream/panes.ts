// Panes: aggregates over a sliding window (t − W, t], kept in at most 8 panes of W/8 of event time each.
// Error bound: the window ends at the greatest time of the key and starts at a boundary of panes, so that it covers at
// least 7/8 W and at most W; what is left out is up to one pane at the old end. No record is counted twice, none outside W.
// Invariants
//   P1 cell 0 is the index floor(t / (W/8)) of the newest pane; pane i lies at i mod 8; all panes of the ring are of
//      (newest − 8, newest].
//   P2 a straggler updates the pane of its own time, or nothing once that pane is gone; its row sees the window as of its
//      offset, which ends at the newest pane.
//   P3 nothing is ever subtracted: totals are added up again from the panes, so that no rounding accumulates.
// Spread is kept as the sum of squared deviations within each pane (Youngs and Cramer, 1971) and combined across panes
// by their means (Chan, Golub and LeVeque, 1979): exact enough where the mean is far greater than the spread.

import { bounded, type Chunk, type Operation, reset } from './operation.ts'
import type { Slab } from './slab.ts'
import type { AggregateOperation, Transform } from './spec.ts'
import { transformed } from './transform.ts'

const PANES = 8
/** Panes of counts, two 32-bit words a cell. */
const COUNT_CELLS = PANES / 2
const COUNT_MAX = 0xffffffff

/** Where an aggregate reads, keeps and writes. */
export interface Place {
  /** Index of the field's want; −1 where records are counted. */
  readonly want: number
  readonly at: number
  readonly base: number
  readonly transform: Transform
  /** What a missing value is written as. */
  readonly fill: number
}

export function windowFeature(operation: AggregateOperation | 'ratio', windowMs: number, place: Place): Operation {
  switch (operation) {
    case 'count':
      return countPanes(windowMs, 1, place)
    case 'rate':
      return countPanes(windowMs, 1000 / windowMs, place)
    case 'sum':
    case 'mean':
    case 'ratio':
      return sumPanes(operation, windowMs, place)
    case 'std':
      return spreadPanes(windowMs, place)
    case 'min':
      return extremePanes(1, windowMs, place)
    case 'max':
      return extremePanes(-1, windowMs, place)
    default:
      return operation satisfies never
  }
}

/** Position of pane `index` in the ring. */
function ring(index: number): number {
  return index - PANES * Math.floor(index / PANES)
}

/** Cells: the newest pane's index, then `sets` times 8 numbers, then 8 counts if there are any. */
function blankPanes(sets: number, empty: number, counted: 0 | 1): Float64Array {
  const blank = new Float64Array(1 + sets * PANES + counted * COUNT_CELLS)
  blank.fill(empty, 1, 1 + sets * PANES)
  blank[0] = Number.NEGATIVE_INFINITY
  return blank
}

/**
 * Position of pane `index` in the ring whose cells begin at `cell`, after the ring has moved on to it if it is newer; −1
 * if it is gone (P2).
 */
function slide(slab: Slab, cell: number, index: number, sets: number, empty: number, counted: 0 | 1): number {
  const cells = slab.cells
  const newest = cells[cell]!
  if (index > newest) {
    const end = cell + 1 + sets * PANES
    for (let i = Math.max(newest + 1, index - PANES + 1); i <= index; i++) {
      const pane = ring(i)
      for (let at = cell + 1 + pane; at < end; at += PANES) cells[at] = empty
      if (counted === 1) slab.words[2 * end + pane] = 0
    }
    cells[cell] = index
  } else if (index <= newest - PANES) return -1
  return ring(index)
}

function tally(words: Uint32Array, at: number): void {
  const count = words[at]!
  if (count < COUNT_MAX) words[at] = count + 1
}

function total(words: Uint32Array, at: number): number {
  const early = words[at]! + words[at + 1]! + words[at + 2]! + words[at + 3]!
  return early + words[at + 4]! + words[at + 5]! + words[at + 6]! + words[at + 7]!
}

function countPanes(windowMs: number, scale: number, place: Place): Operation {
  const { at, base, transform } = place
  const paneMs = windowMs / PANES
  const blank = blankPanes(0, 0, 1)
  return {
    blank,
    run(chunk: Chunk, out: Float32Array, stride: number): void {
      const { count, bucket, cell: first, fresh, timeMs, slabs } = chunk
      for (let k = 0, to = chunk.row * stride + at; k < count; k++, to += stride) {
        const slab = slabs[bucket[k]!]!
        const cell = first[k]! + base
        if (fresh[k] === 1) reset(slab.cells, cell, blank)
        const pane = slide(slab, cell, Math.floor(timeMs[k]! / paneMs), 0, 0, 1)
        const counts = 2 * (cell + 1)
        if (pane >= 0) tally(slab.words, counts + pane)
        out[to] = transformed(transform, total(slab.words, counts) * scale)
      }
    },
  }
}

function sumPanes(operation: 'sum' | 'mean' | 'ratio', windowMs: number, place: Place): Operation {
  const { want, at, base, transform, fill } = place
  const paneMs = windowMs / PANES
  const blank = blankPanes(1, 0, 1)
  return {
    blank,
    run(chunk: Chunk, out: Float32Array, stride: number): void {
      const { count, source, bucket, cell: first, fresh, timeMs, slabs } = chunk
      const values = chunk.columns.numbers[want]!
      for (let k = 0, to = chunk.row * stride + at; k < count; k++, to += stride) {
        const slab = slabs[bucket[k]!]!
        const cells = slab.cells
        const cell = first[k]! + base
        if (fresh[k] === 1) reset(cells, cell, blank)
        const pane = slide(slab, cell, Math.floor(timeMs[k]! / paneMs), 1, 0, 1)
        const counts = 2 * (cell + 1 + PANES)
        const x = values[source[k]!]!
        let others = 0
        let othersSum = 0
        if (operation === 'ratio') {
          others = total(slab.words, counts)
          othersSum = sumOf(cells, cell + 1)
        }
        if (pane >= 0 && !Number.isNaN(x)) {
          cells[cell + 1 + pane] = cells[cell + 1 + pane]! + x
          tally(slab.words, counts + pane)
        }
        let y = Number.NaN
        if (operation === 'ratio') y = ratio(x, others, othersSum)
        else {
          y = sumOf(cells, cell + 1)
          if (operation === 'mean') y /= total(slab.words, counts)
        }
        out[to] = transformed(transform, !Number.isNaN(y) ? y : fill)
      }
    },
  }
}

function sumOf(cells: Float64Array, at: number): number {
  const early = cells[at]! + cells[at + 1]! + (cells[at + 2]! + cells[at + 3]!)
  return early + (cells[at + 4]! + cells[at + 5]! + (cells[at + 6]! + cells[at + 7]!))
}

/** x over the mean of `count` others; missing where there are none or their mean is 0. */
export function ratio(x: number, count: number, sum: number): number {
  return count > 0 && sum !== 0 ? bounded(x / (sum / count)) : Number.NaN
}

function spreadPanes(windowMs: number, place: Place): Operation {
  const { want, at, base, transform, fill } = place
  const paneMs = windowMs / PANES
  const blank = blankPanes(2, 0, 1)
  return {
    blank,
    run(chunk: Chunk, out: Float32Array, stride: number): void {
      const { count, source, bucket, cell: first, fresh, timeMs, slabs } = chunk
      const values = chunk.columns.numbers[want]!
      for (let k = 0, to = chunk.row * stride + at; k < count; k++, to += stride) {
        const slab = slabs[bucket[k]!]!
        const cell = first[k]! + base
        if (fresh[k] === 1) reset(slab.cells, cell, blank)
        const pane = slide(slab, cell, Math.floor(timeMs[k]! / paneMs), 2, 0, 1)
        const x = values[source[k]!]!
        if (pane >= 0 && !Number.isNaN(x)) deviate(slab, cell, pane, x)
        const y = spread(slab, cell)
        out[to] = transformed(transform, !Number.isNaN(y) ? y : fill)
      }
    },
  }
}

/** Adds x to a pane: its sum, its sum of squared deviations, its count. */
function deviate(slab: Slab, cell: number, pane: number, x: number): void {
  const cells = slab.cells
  const sumAt = cell + 1 + pane
  const countAt = 2 * (cell + 1 + 2 * PANES) + pane
  const n = slab.words[countAt]! + 1
  const sum = cells[sumAt]! + x
  if (n > 1) {
    const d = n * x - sum
    cells[sumAt + PANES] = cells[sumAt + PANES]! + (d * d) / (n * (n - 1))
  }
  cells[sumAt] = sum
  tally(slab.words, countAt)
}

/** Standard deviation of the population in the window; missing where it is empty. */
function spread(slab: Slab, cell: number): number {
  const { cells, words } = slab
  const counts = 2 * (cell + 1 + 2 * PANES)
  const n = total(words, counts)
  if (n === 0) return Number.NaN
  const mean = sumOf(cells, cell + 1) / n
  let squares = 0
  for (let pane = 0; pane < PANES; pane++) {
    const count = words[counts + pane]!
    if (count === 0) continue
    const d = cells[cell + 1 + pane]! / count - mean
    squares += cells[cell + 1 + PANES + pane]! + count * d * d
  }
  return Math.sqrt(squares / n)
}

/** The least value (sign 1) or the greatest (sign −1); panes hold sign · value, +∞ while empty. */
function extremePanes(sign: 1 | -1, windowMs: number, place: Place): Operation {
  const { want, at, base, transform, fill } = place
  const paneMs = windowMs / PANES
  const blank = blankPanes(1, Number.POSITIVE_INFINITY, 0)
  return {
    blank,
    run(chunk: Chunk, out: Float32Array, stride: number): void {
      const { count, source, bucket, cell: first, fresh, timeMs, slabs } = chunk
      const values = chunk.columns.numbers[want]!
      for (let k = 0, to = chunk.row * stride + at; k < count; k++, to += stride) {
        const slab = slabs[bucket[k]!]!
        const cells = slab.cells
        const cell = first[k]! + base
        if (fresh[k] === 1) reset(cells, cell, blank)
        const pane = slide(slab, cell, Math.floor(timeMs[k]! / paneMs), 1, Number.POSITIVE_INFINITY, 0)
        const x = sign * values[source[k]!]! + 0
        if (pane >= 0 && x < cells[cell + 1 + pane]!) cells[cell + 1 + pane] = x
        let least = Number.POSITIVE_INFINITY
        for (let i = cell + 1; i <= cell + PANES; i++) if (cells[i]! < least) least = cells[i]!
        out[to] = transformed(transform, least < Number.POSITIVE_INFINITY ? sign * least + 0 : fill)
      }
    },
  }
}
