// Adaptive tail: a threshold that keeps its alarm rate while scores drift slowly. Refitted at the end of each block of rows from
// the highest scores of the last blocks, by a tail of the shape that the detector was calibrated with.
// Invariants
//   A1 it never learns from what alarmed: neither what those rows score nor how many they are changes a threshold.
//   A2 a threshold lies within factorMax of the one it began with, to both sides, and a refit moves it by stepMax at most:
//      what drifts is followed; what jumps alarms, until regime.ts says that it has changed for good.
//   A3 until refitBlocksMin blocks are known the first one holds; without a calibrated tail, for good.
// Why the level moves and rows are forgotten, other than in the SPOT of the paper: with a level that stays, scores that
// double let every row be an excess, and scores that halve none.
// Source: Siffer et al., Anomaly detection in streams with extreme value theory (2017).

import { Peaks } from '../detector/peaks.ts'
import { keptOfTail, type TailState, tailBlocks } from './remembered.ts'

const refitBlocksMin = 4
/** Share of a block's rows that is kept: enough beyond the alarms to see the tail, and no more of the body than needed. */
const keptShareMin = 1 / 64
const keptPerAlarm = 4
const factorMax = 4
const stepMax = 1.1

export class AdaptiveTail {
  readonly #first: number
  readonly #budget: number
  readonly #shape: number
  readonly #blockRows: number
  readonly #peaks: Peaks
  #rows: number
  #offered: number
  #threshold: number

  constructor(first: number, budget: number, shape: number, state: TailState | null) {
    this.#first = first
    this.#budget = budget
    this.#shape = shape
    this.#blockRows = Math.floor(keptOfTail / Math.max(keptShareMin, keptPerAlarm * budget))
    this.#rows = state?.rows ?? 0
    this.#offered = state?.offered ?? 0
    this.#threshold = state?.threshold ?? first
    this.#peaks = new Peaks(keptOfTail, tailBlocks, state?.blocks, state?.open)
  }

  get state(): TailState {
    return {
      rows: this.#rows,
      offered: this.#offered,
      threshold: this.#threshold,
      blocks: this.#peaks.blocks,
      open: this.#peaks.open,
    }
  }

  get threshold(): number {
    return this.#threshold
  }

  /** Rows until the threshold may change. */
  get rowsLeft(): number {
    return this.#blockRows - this.#rows
  }

  /** Takes rows [from, to), at most rowsLeft, all judged by `threshold`. */
  take(scores: Float32Array, from: number, to: number): void {
    const ceiling = this.#threshold
    for (let row = from; row < to; row++) {
      const score = scores[row]!
      if (score > ceiling) continue
      this.#offered++
      this.#peaks.offer(score)
    }
    this.#rows += to - from
    if (this.#rows < this.#blockRows) return
    this.#peaks.close(this.#offered, ceiling)
    this.#rows = 0
    this.#offered = 0
    if (this.#peaks.blocks.length < refitBlocksMin) return
    const found = this.#peaks.quantileBelow(this.#budget, this.#shape)
    if (found === null) return
    const stepped = within(found, ceiling, stepMax)
    this.#threshold = Math.fround(within(stepped, this.#first, factorMax))
  }
}

function within(value: number, middle: number, factor: number): number {
  return Math.min(middle * factor, Math.max(middle / factor, value))
}
