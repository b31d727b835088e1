// Objective: what the networks of a detector make small, by the kind of loss and, for `mixed`, by rule from the columns.
//   squared               the squared error of every column
//   huber                 the same, straight beyond one standard deviation: for training rows with wild values
//   binary-cross-entropy  every column lies between its least and its greatest training value, and its place there is a
//                         share: for images, switches, rates
//   mixed                 squared for numbers; for the columns of one category the cross-entropy of the softmax over them,
//                         over that of the best constant, so that a category counts as much as a number
// A category is told from the rows: the columns of one feature, in one step of a window, that take two values each and of
// which at most one is on at a time. A column of two values that is not part of one is a category of its own.
// Invariants
//   O1 categories are ascending, disjoint runs of columns; other columns have low 0 and span 1.
//   O2 `squared` and `huber` leave the network's outputs as they are: shares is null.

import { exp, log } from '../../core/elementary.ts'
import type { LossKind } from '../../stream/spec.ts'
import type { Category, Loss } from '../loss.ts'
import type { Shares } from '../model.ts'
import type { TrainingRows } from './kind.ts'

/** In scaled units, where the columns of the training rows have a deviation of 1. */
const huberDelta = 1
/** A category that hardly varies would otherwise outweigh everything. */
const entropyMin = 0.05

export interface Objective {
  readonly loss: Loss
  readonly shares: Shares | null
}

export interface Columns {
  /** For each column, the index of its feature. */
  readonly groups: Int32Array
  /** Steps of the window that a row is. */
  readonly steps: number
}

export function objectiveOf(kind: LossKind, rows: TrainingRows, columns: Columns): Objective {
  switch (kind) {
    case 'squared':
      return { loss: { kind }, shares: null }
    case 'huber':
      return { loss: { kind, delta: huberDelta }, shares: null }
    case 'binary-cross-entropy': {
      const categories = Array.from({ length: rows.width }, (_, j) => ({ from: j, to: j + 1 }))
      return { loss: { kind: 'cross-entropy' }, shares: sharesOf(categories, rows) }
    }
    case 'mixed': {
      const categories = categoriesOf(rows, columns)
      if (categories.length === 0) return { loss: { kind: 'squared' }, shares: null }
      return { loss: { kind: 'mixed', categories }, shares: sharesOf(categories, rows) }
    }
    default:
      return kind satisfies never
  }
}

function sharesOf(categories: readonly { from: number; to: number }[], rows: TrainingRows): Shares {
  const low = new Float32Array(rows.width)
  const span = new Float32Array(rows.width).fill(1)
  for (const { from, to } of categories)
    for (let j = from; j < to; j++) {
      const { least, greatest } = rangeOf(rows, j)
      low[j] = least
      span[j] = greatest - least
    }
  return { categories: categories.map(({ from, to }) => ({ from, to })), low, span }
}

interface Range {
  readonly least: number
  readonly greatest: number
  /** Whether it takes these two values only. */
  readonly isTwo: boolean
}

/** 0 and 0 for a column without a value. */
function rangeOf({ rows, count, width }: TrainingRows, column: number): Range {
  let least = Number.POSITIVE_INFINITY
  let greatest = Number.NEGATIVE_INFINITY
  for (let at = column; at < count * width; at += width) {
    if (rows[at]! < least) least = rows[at]!
    if (rows[at]! > greatest) greatest = rows[at]!
  }
  if (least > greatest) return { least: 0, greatest: 0, isTwo: true }
  let isTwo = true
  for (let at = column; at < count * width; at += width) {
    const value = rows[at]!
    isTwo &&= Number.isNaN(value) || value === least || value === greatest
  }
  return { least, greatest, isTwo }
}

function categoriesOf(rows: TrainingRows, { groups, steps }: Columns): Category[] {
  const channels = rows.width / steps
  const categories: Category[] = []
  for (let from = 0, to = 0; from < rows.width; from = to) {
    to = from + 1
    while (to < rows.width && to % channels !== 0 && groups[to] === groups[from]) to++
    const ranges = Array.from({ length: to - from }, (_, k) => rangeOf(rows, from + k))
    const varies = ranges.some(({ least, greatest }) => least < greatest)
    if (!varies || !ranges.every(({ isTwo }) => isTwo)) continue
    const on = to - from === 1 ? null : shareOn(rows, from, ranges)
    if (on !== null) categories.push({ from, to, weight: weightOf(on) })
    else
      ranges.forEach((range, k) => {
        if (range.least === range.greatest) return
        const [share = 0] = shareOn(rows, from + k, [range]) ?? []
        categories.push({ from: from + k, to: from + k + 1, weight: weightOf([share, 1 - share]) })
      })
  }
  return categories
}

/** The share of rows in which each of the columns is on, or null if several are on in one row. */
function shareOn({ rows, count, width }: TrainingRows, from: number, ranges: readonly Range[]): number[] | null {
  const on = ranges.map(() => 0)
  for (let row = 0; row < count; row++) {
    let together = 0
    for (let k = 0; k < ranges.length; k++) {
      const { least, greatest } = ranges[k]!
      if (least === greatest || rows[row * width + from + k] !== greatest) continue
      on[k]!++
      together++
    }
    if (together > 1) return null
  }
  return on.map((rowsOn) => rowsOn / count)
}

/** One over the cross-entropy of the best constant. */
function weightOf(shares: readonly number[]): number {
  const all = shares.reduce((sum, share) => sum + share, 0)
  const entropy = shares.reduce((sum, share) => (share > 0 ? sum - share * log(share / all) : sum), 0)
  return 1 / Math.max(entropy, entropyMin)
}

/** Targets of a training: values of a category as shares. */
export function targetsOf({ rows, count, width }: TrainingRows, shares: Shares | null): Float32Array {
  if (shares === null) return rows
  const targets = rows.slice(0, count * width)
  for (const { from, to } of shares.categories)
    for (let row = 0; row < count; row++)
      for (let j = from; j < to; j++) {
        const span = shares.span[j]!
        const value = targets[row * width + j]!
        const share = span === 0 ? 0 : Math.min(1, Math.max(0, (value - shares.low[j]!) / span))
        targets[row * width + j] = Number.isNaN(value) ? Number.NaN : share
      }
  return targets
}

/** In place, from what the last layer gives to what is expected of the row, as the engine does it. */
export function restore(outputs: Float32Array, width: number, { loss, shares }: Objective): void {
  if (shares === null) return
  const { low, span, categories } = shares
  for (let row = 0; row < outputs.length; row += width)
    for (const { from, to } of categories) {
      const logits = outputs.subarray(row + from, row + to)
      if (loss.kind !== 'cross-entropy') toShares(logits)
      for (let j = from; j < to; j++) outputs[row + j] = low[j]! + span[j]! * outputs[row + j]!
    }
}

function toShares(logits: Float32Array): void {
  // A column alone stands against an output of 0.
  const highest = Math.max(...logits, logits.length === 1 ? 0 : Number.NEGATIVE_INFINITY)
  let all = logits.length === 1 ? exp(-highest) : 0
  for (const logit of logits) all += exp(logit - highest)
  for (let j = 0; j < logits.length; j++) logits[j] = exp(logits[j]! - highest) / all
}
