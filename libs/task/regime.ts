// Regime: whether what alarms is an incident, or what is normal has changed for good. A pure fold over the scores of one
// partition's rows in their order, in blocks of rows; it reads no clock, so that at any speed of the stream a storm ends
// after as many alerts.
// A change is seen where all of this holds of stretchBlocks blocks in a row, each full (R1 to R3):
//   R1 a storm: in every block at least stormRatio times the budget of rows alarm, and at least stormShare of all rows.
//   R2 at rest: the scores of the older half and of the newer half may come from one distribution. An incident that
//      builds up or dies down is none.
//   R3 broad: alarms spread over keys at least half as evenly as rows do. One key's incident is none, where there are several.
// From then on another threshold holds, that of the new scores and never below the one before. The detector's own returns
// after calmBlocks blocks in a row in which less than half a storm's rows exceed it.
// False alarms: a detector that keeps its budget b has blocks with 10 b and more at most once in ten, however its alarms come
// together within a block (Markov's inequality). Nine of seventeen blocks with a block between them each are as good as
// independent: all of them at once come once in 10^9 stretches; at budgets below 0.5 %, where stormShare counts, more rarely.
// What it does not tell apart: a failure of everything that the partition carries, at rest at its new level, from a new
// normal. One event says so, the gate decides what is learnt, and what exceeds even the new threshold alarms.

import { Peaks } from '../detector/peaks.ts'
import { distance } from '../detector/two-sample.ts'
import { keptOfBlock, keyCells, type RegimeState, sampledOfBlock, stretchBlocks } from './remembered.ts'

/** Rows of a block, or a window's where that is longer: one value reaches into as many rows as a window has. */
const blockRowsMin = 256
const calmBlocks = 8
const stormRatio = 10
/** Labelled fraud in public sets of payments is 0.2 to 3.5 % of the rows: what lasts below this may be what is looked for. */
const stormShare = 0.05
/**
 * Kolmogorov's distance that two halves of 128 independent rows exceed once in five: 1.07 · √(2 / 128). Strict, since it is
 * asked again at the end of each block: one at rest is found a little later, one that grows by half a stretch is not.
 */
const restDistanceMax = 0.134
/** Told apart by keyCells cells of their hash, the alarms of about 45 keys and more are broad among any number of keys. */
const breadthMin = 0.5

/** What a block's end brought: the threshold before and after. */
export type Change =
  | { readonly kind: 'changed'; readonly before: number; readonly after: number; readonly rate: number }
  | { readonly kind: 'returned'; readonly before: number; readonly after: number }

export interface Rows {
  readonly scores: Float32Array
  /** Of each row's key, 32 bits. */
  readonly keyOf: (row: number) => number
}

export function blockRowsOf(windowRows: number): number {
  return sampledOfBlock * Math.ceil(Math.max(blockRowsMin, windowRows) / sampledOfBlock)
}

export class Regime {
  readonly #own: number
  readonly #budget: number
  readonly #blockRows: number
  #rows: number
  #alarms: number
  #beyondOwn: number
  #hot: number
  #calm: number
  #threshold: number | null
  #stretchAlarms: number
  #sample: number[]
  #keyRows: number[]
  #keyAlarms: number[]
  #peaks: Peaks

  /** `own`: the detector's threshold, `budget`: the share of rows that should exceed it. */
  constructor(own: number, budget: number, windowRows: number, state: RegimeState | null) {
    this.#own = own
    this.#budget = budget
    this.#blockRows = blockRowsOf(windowRows)
    this.#rows = state?.rows ?? 0
    this.#alarms = state?.alarms ?? 0
    this.#beyondOwn = state?.beyondOwn ?? 0
    this.#hot = state?.hot ?? 0
    this.#calm = state?.calm ?? 0
    this.#threshold = state?.threshold ?? null
    this.#stretchAlarms = state?.stretchAlarms ?? 0
    this.#sample = Array.from(state?.sample ?? [])
    this.#keyRows = [...(state?.keyRows ?? [])]
    this.#keyAlarms = [...(state?.keyAlarms ?? [])]
    this.#peaks = new Peaks(keptOfBlock, stretchBlocks, state?.blocks, state?.open)
  }

  get state(): RegimeState {
    return {
      rows: this.#rows,
      alarms: this.#alarms,
      beyondOwn: this.#beyondOwn,
      hot: this.#hot,
      calm: this.#calm,
      threshold: this.#threshold,
      stretchAlarms: this.#stretchAlarms,
      sample: Float32Array.from(this.#sample),
      keyRows: this.#keyRows,
      keyAlarms: this.#keyAlarms,
      blocks: this.#peaks.blocks,
      open: this.#peaks.open,
    }
  }

  /** Null: the detector's own holds. */
  get threshold(): number | null {
    return this.#threshold
  }

  /** Rows until a threshold may change. */
  get rowsLeft(): number {
    return this.#blockRows - this.#rows
  }

  /** Whether it asks for the rows themselves, and not just for how many alarmed. */
  get isListening(): boolean {
    return this.#hot > 0 || this.#threshold !== null
  }

  /**
   * Takes rows [from, to), at most rowsLeft, of which those in `alarms` exceeded `inForce`.
   * Answers what changes from the row after them on.
   */
  take(rows: Rows, from: number, to: number, alarms: readonly number[], inForce: number): Change | null {
    if (this.#hot > 0) this.#collect(rows, from, to, alarms)
    if (this.#threshold !== null)
      for (let row = from; row < to; row++) if (rows.scores[row]! > this.#own) this.#beyondOwn++
    this.#rows += to - from
    this.#alarms += alarms.length
    if (this.#rows < this.#blockRows) return null
    return this.#endBlock(inForce)
  }

  #collect({ scores, keyOf }: Rows, from: number, to: number, alarms: readonly number[]): void {
    const group = this.#blockRows / sampledOfBlock
    for (let row = from; row < to; row++) {
      this.#peaks.offer(scores[row]!)
      // One row of each group, not always the same place: keys may come in turn.
      const position = this.#rows + row - from
      const index = Math.floor(position / group)
      if (position % group !== placeIn(index + this.#hot * sampledOfBlock, group)) continue
      this.#sample.push(scores[row]!)
      count(this.#keyRows, keyOf(row))
    }
    for (const row of alarms) count(this.#keyAlarms, keyOf(row))
  }

  #endBlock(inForce: number): Change | null {
    const storm = Math.max(stormShare, stormRatio * this.#budget) * this.#blockRows
    const isStorm = this.#alarms >= storm
    if (this.#hot > 0) {
      this.#peaks.close(this.#blockRows, null)
      this.#stretchAlarms += this.#alarms
      const excess = this.#sample.length - stretchBlocks * sampledOfBlock
      if (excess > 0) this.#sample.splice(0, excess)
    }
    this.#calm = this.#threshold !== null && this.#beyondOwn < storm / 2 ? this.#calm + 1 : 0
    this.#rows = 0
    this.#alarms = 0
    this.#beyondOwn = 0
    if (!isStorm) this.#forgetStretch()
    else this.#hot++
    if (this.#calm >= calmBlocks) {
      this.#forgetStretch()
      this.#calm = 0
      this.#threshold = null
      return { kind: 'returned', before: inForce, after: this.#own }
    }
    return this.#hot > stretchBlocks ? this.#changed(inForce) : null
  }

  #changed(inForce: number): Change | null {
    if (!isAtRest(this.#sample) || !isBroad(this.#keyRows, this.#keyAlarms)) return null
    const found = this.#peaks.quantile(this.#budget)
    if (found === null) return null
    const rate = this.#stretchAlarms / ((this.#hot - 1) * this.#blockRows)
    const after = Math.max(Math.fround(found), this.#own, inForce)
    this.#threshold = after
    this.#calm = 0
    this.#forgetStretch()
    return { kind: 'changed', before: inForce, after, rate }
  }

  #forgetStretch(): void {
    if (this.#hot === 0) return
    this.#hot = 0
    this.#stretchAlarms = 0
    this.#sample = []
    this.#keyRows = []
    this.#keyAlarms = []
    this.#peaks = new Peaks(keptOfBlock, stretchBlocks)
  }
}

/** A place in a group of `size` that looks like chance and is the same whenever the group comes. */
function placeIn(index: number, size: number): number {
  return (Math.imul(index + 1, 0x9e3779b1) >>> 8) % size
}

function count(cells: number[], key: number): void {
  while (cells.length < keyCells) cells.push(0)
  const cell = key % keyCells
  cells[cell] = (cells[cell] ?? 0) + 1
}

function isAtRest(sample: readonly number[]): boolean {
  const half = sample.length >> 1
  return distance(Float64Array.from(sample.slice(0, half)), Float64Array.from(sample.slice(half))) <= restDistanceMax
}

function isBroad(rows: readonly number[], alarms: readonly number[]): boolean {
  return evenness(alarms) > breadthMin * evenness(rows)
}

/** Cells that would be met as often by chance if all were met alike: 1 ÷ the chance that two draws meet (Simpson, 1949). */
function evenness(cells: readonly number[]): number {
  let all = 0
  let pairs = 0
  for (const each of cells) {
    all += each
    pairs += each * (each - 1)
  }
  return pairs === 0 ? keyCells : Math.min(keyCells, (all * (all - 1)) / pairs)
}
