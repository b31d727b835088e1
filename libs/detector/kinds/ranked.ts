// The member that remembers rows by how their values rank: each column is stretched until its training values are normal, so
// that a column counts the same whatever its shape, and long tails drown nobody. It is blind to how far beyond all training
// values a value lies, which others see; a column of which one value is most is left as it is, since ranks would tear that
// value from its neighbours.
// Source of the stretching: Van der Waerden, Order tests for the two-sample problem and their power (1952).

import type { NeighboursMember, Ranks } from '../model.ts'
import { normalQuantile } from '../normal-quantile.ts'
import { rankedBy } from '../ranks.ts'
import { filled, type TrainingRows } from './kind.ts'
import { remembering } from './neighbours.ts'

const knotsMax = 1000
/** Of all columns together; wide rows have fewer for each. */
const tableMax = 1 << 17
const knotsMin = 16
/** What the least and the greatest training value, and all beyond, are seen as: one in ten million. */
const seenMax = 5.2
/** Of a column's rows that hold its commonest value: with more it is not ranked. */
const commonMax = 0.5
/** No scaled value lies farther out. */
const reach = 1000

export function rankedMember(training: TrainingRows, seed: number): NeighboursMember {
  const { rows, count, width } = training
  const ranks = ranksOf(training)
  const seen = filled({ rows: rankedBy(ranks, rows.subarray(0, count * width)), count, width })
  return { ...remembering(seen, { count, width }, null, seed), ranks }
}

function ranksOf({ rows, count, width }: TrainingRows): Ranks {
  const knots = Math.max(knotsMin, Math.min(knotsMax, count, Math.floor(tableMax / width)))
  const at = new Float32Array(width * knots)
  const seen = new Float32Array(width * knots)
  const values = new Float32Array(count)
  for (let j = 0; j < width; j++) {
    let found = 0
    for (let i = 0; i < count; i++) {
      const value = rows[i * width + j]!
      if (!Number.isNaN(value)) values[found++] = value
    }
    const sorted = values.slice(0, found).sort()
    const own = { at: at.subarray(j * knots, (j + 1) * knots), seen: seen.subarray(j * knots, (j + 1) * knots) }
    if (commonest(sorted) > commonMax * found) keep(own)
    else stretch(sorted, own)
  }
  return { knots, at, seen }
}

interface Table {
  readonly at: Float32Array
  readonly seen: Float32Array
}

/** Rows that hold the commonest value; all of none. */
function commonest(sorted: Float32Array): number {
  let [most, run] = [1, 0]
  for (let i = 0; i < sorted.length; i++) {
    run = sorted[i] === sorted[i - 1] ? run + 1 : 1
    most = Math.max(most, run)
  }
  return most
}

function keep({ at, seen }: Table): void {
  at.fill(reach).set([-reach, 0])
  seen.set(at)
}

/** Places are quantiles, each seen as its middle rank is under the normal; then mean 0 and deviation 1 of what is seen. */
function stretch(sorted: Float32Array, { at, seen }: Table): void {
  const knots = at.length
  const last = sorted.length - 1
  for (let i = 0; i < knots; i++) at[i] = sorted[Math.round((i * last) / (knots - 1))]!
  for (let i = 0, end = 0; i < knots; i = end) {
    while (end < knots && at[end] === at[i]) end++
    const [less, more] = [firstAt(sorted, at[i]!), firstAbove(sorted, at[i]!)]
    const value = normalQuantile((less + more) / 2 / sorted.length)
    const isEnd = more - less === 1 && (i === 0 || end === knots)
    seen.fill(isEnd ? Math.sign(value) * seenMax : Math.max(-seenMax, Math.min(seenMax, value)), i, end)
  }
  const ranks = { knots, at, seen }
  const found = rankedBy(ranks, sorted)
  const mean = found.reduce((sum, value) => sum + value, 0) / found.length
  const deviation = Math.sqrt(found.reduce((sum, value) => sum + (value - mean) ** 2, 0) / found.length)
  for (let i = 0; i < knots; i++) seen[i] = (seen[i]! - mean) / Math.max(deviation, 1e-6)
}

/** How many are less. */
function firstAt(sorted: Float32Array, value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** How many are not more. */
function firstAbove(sorted: Float32Array, value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}
