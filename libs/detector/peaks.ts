// Peaks: the highest scores of late, in bounded memory: of each of the last blocks of rows the `kept` highest. Above the
// greatest of the blocks' lowest nothing is missing, so that there the tail of all those rows is known as if every score
// had been kept; and when scores move, the level moves with them.
// Invariants
//   P1 what is held depends on the scores and their order alone, and is at most (blocksMax + 1) · kept of them.
//   P2 a threshold is finite, and lies above the level.
// Rows of a block may have been judged by a threshold (its ceiling), and what alarmed never offered. Such a block says
// nothing of what lies beyond its ceiling, which is taken into account: the scale of the tail is that of a distribution cut
// off there. Without that a tail which forgets would be cut anew each time round, and the threshold sink: at a target of 1 %
// every fourth row alarmed in the end. The shape is given, not fitted: it does not change when scores are moved or
// stretched, and two parameters of a tail that is cut off are not told apart by some hundred excesses.
// Sources: Pickands (1975); Siffer et al., Anomaly detection in streams with extreme value theory (2017), of which this is
// the part that forgets; the r largest of each block: Weissman (1978).

import { exp, log, log1p } from '../core/elementary.ts'
import { tailOf, tailQuantile } from './calibration-tail.ts'

export interface Block {
  /** Ascending; the highest of the rows that were offered. */
  readonly scores: Float32Array
  /** Rows that were offered. */
  readonly rows: number
  /** Nothing above it was offered; null: everything was. */
  readonly ceiling: number | null
}

const excessesMin = 20
/** Alarms in the sample from which the sample itself is asked, and not a curve through it; as in calibration.ts. */
const alarmsMin = 10
/** Steps of the search for the scale, and how far from the mean excess it looks, times. */
const searchSteps = 32
const scaleReach = 30
const golden = 0.618_033_988_749_894_9
const flat = 1e-6

export class Peaks {
  readonly #kept: number
  readonly #blocksMax: number
  readonly #blocks: Block[]
  readonly #open: Float32Array
  #count = 0

  constructor(
    kept: number,
    blocksMax: number,
    blocks: readonly Block[] = [],
    open: Float32Array = new Float32Array(0),
  ) {
    this.#kept = kept
    this.#blocksMax = blocksMax
    this.#blocks = [...blocks]
    this.#open = new Float32Array(kept)
    this.#open.set(open)
    this.#count = open.length
  }

  get blocks(): readonly Block[] {
    return this.#blocks
  }

  /** Of the block that is not closed yet, ascending. */
  get open(): Float32Array {
    return this.#open.slice(0, this.#count)
  }

  offer(score: number): void {
    const open = this.#open
    let at = this.#count
    if (at < this.#kept) this.#count++
    else if (score > open[0]!) {
      open.copyWithin(0, 1)
      at--
    } else return
    for (; at > 0 && open[at - 1]! > score; at--) open[at] = open[at - 1]!
    open[at] = score
  }

  close(rows: number, ceiling: number | null): void {
    this.#blocks.push({ scores: this.open, rows, ceiling })
    if (this.#blocks.length > this.#blocksMax) this.#blocks.shift()
    this.#count = 0
  }

  /** The score that a share `rate` of the rows exceeds, where nothing was held back; null: too few to say. */
  quantile(rate: number): number | null {
    const { level, excesses, rows } = this.#tail()
    if (excesses.length < excessesMin) return null
    const sorted = Float64Array.from(excesses).sort()
    const alarms = Math.floor((rows + 1) * rate)
    const nth = (count: number): number => level + (sorted[sorted.length - count] ?? 0)
    if (alarms >= alarmsMin) return nth(Math.min(alarms, sorted.length))
    const tail = tailOf(level, excesses, rows)
    return tail === null ? nth(1) : finite(Math.max(tailQuantile(tail, rate), nth(alarmsMin)))
  }

  /** The same where blocks have ceilings, by a tail of the given shape. */
  quantileBelow(rate: number, shape: number): number | null {
    const { level, excesses, groups, rows } = this.#tail()
    if (excesses.length < excessesMin) return null
    const scale = scaleOf(shape, excesses, groups)
    let hidden = 0
    for (const { ceiling, count } of groups) hidden += count / below(shape, scale, ceiling) - count
    const tail = { level, shape, scale, excesses: excesses.length + hidden, count: rows + hidden }
    return finite(tailQuantile(tail, rate))
  }

  /** All that is known above the level, and how much of it lies under which ceiling (over the level). */
  #tail(): { level: number; excesses: number[]; groups: Group[]; rows: number } {
    let level = 0
    let rows = 0
    for (const block of this.#blocks) {
      if (block.scores.length === this.#kept) level = Math.max(level, block.scores[0]!)
      rows += block.rows
    }
    const excesses: number[] = []
    const groups: Group[] = []
    for (const { scores, ceiling } of this.#blocks) {
      const before = excesses.length
      for (const score of scores) if (score > level) excesses.push(score - level)
      const count = excesses.length - before
      if (count > 0 && ceiling !== null) groups.push({ ceiling: ceiling - level, count })
    }
    return { level, excesses, groups, rows }
  }
}

interface Group {
  readonly ceiling: number
  readonly count: number
}

/** The likeliest scale, by golden section of its logarithm; excesses lie under the ceilings of their groups. */
function scaleOf(shape: number, excesses: readonly number[], groups: readonly Group[]): number {
  let mean = 0
  let greatest = 0
  for (const y of excesses) {
    mean += y / excesses.length
    greatest = Math.max(greatest, y)
  }
  // Below shape 0 the support ends; it must reach beyond the greatest.
  const least = shape < 0 ? log(-shape * greatest * (1 + flat)) : Number.NEGATIVE_INFINITY
  let low = Math.max(log(mean / scaleReach), least)
  let high = Math.max(log(mean * scaleReach), low)
  const at = (logarithm: number): number => likelihood(shape, exp(logarithm), excesses, groups)
  let [a, b] = [high - golden * (high - low), low + golden * (high - low)]
  let [atA, atB] = [at(a), at(b)]
  for (let step = 0; step < searchSteps; step++) {
    if (atA > atB) {
      ;[high, b, atB] = [b, a, atA]
      a = high - golden * (high - low)
      atA = at(a)
    } else {
      ;[low, a, atA] = [a, b, atB]
      b = low + golden * (high - low)
      atB = at(b)
    }
  }
  return exp((low + high) / 2)
}

function likelihood(shape: number, scale: number, excesses: readonly number[], groups: readonly Group[]): number {
  let sum = -excesses.length * log(scale)
  if (Math.abs(shape) < flat) for (const y of excesses) sum -= y / scale
  else sum -= (1 + 1 / shape) * logOfProduct(shape / scale, excesses)
  for (const { ceiling, count } of groups) sum -= count * log(below(shape, scale, ceiling))
  return sum
}

/** Factors multiplied before a logarithm is taken: each lies within 1e-8 and 1e6, so that no product leaves the doubles. */
const factorsAtOnce = 16

/** Σ log(1 + θ y). */
function logOfProduct(theta: number, excesses: readonly number[]): number {
  let sum = 0
  let product = 1
  for (let i = 0; i < excesses.length; i++) {
    product *= 1 + theta * excesses[i]!
    if (i % factorsAtOnce !== factorsAtOnce - 1) continue
    sum += log(product)
    product = 1
  }
  return sum + log(product)
}

/** Scores of no scale (denormal ones beside the greatest there are) have no tail that could be computed. */
function finite(quantile: number): number | null {
  return Number.isFinite(quantile) ? quantile : null
}

/** Share of excesses that lie below `ceiling`. */
function below(shape: number, scale: number, ceiling: number): number {
  const y = ceiling / scale
  if (Math.abs(shape) < flat) return 1 - exp(-y)
  const base = 1 + shape * y
  return base <= 0 ? 1 : 1 - exp(-log1p(shape * y) / shape)
}
