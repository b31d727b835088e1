// Score memory: what a task remembers of the scores of its partition, and the threshold that follows from it. Composed of the
// regime (always) and the adaptive tail (where the spec asks for it).
// Invariants
//   M1 a pure fold over the scores of the rows since the detector took over, in the order of offsets: the threshold of a row
//      is a function of the rows before it, however they were cut into batches, transactions or lives.
//   M2 a threshold changes after a fixed number of rows only, so that rows are judged in runs of one threshold.
// Scores are given relative to what their key is excused (score ÷ the key's factor): one threshold is for all.

import type { TailKind } from '../stream/spec.ts'
import { AdaptiveTail } from './adaptive-tail.ts'
import { type Change, Regime, type Rows } from './regime.ts'
import type { Remembered } from './remembered.ts'

export interface Terms {
  /** The detector's, or the one that its pointer gives. */
  readonly threshold: number
  /** Share of rows that should exceed it. */
  readonly budget: number
  readonly tail: TailKind
  /** Of the detector's calibrated tail, null without one. */
  readonly tailShape: number | null
  readonly windowRows: number
}

export class ScoreMemory {
  readonly #terms: Terms
  readonly #regime: Regime
  #tail: AdaptiveTail | null

  constructor(terms: Terms, state: Remembered | null) {
    this.#terms = terms
    this.#regime = new Regime(terms.threshold, terms.budget, terms.windowRows, state?.regime ?? null)
    this.#tail = this.#newTail(state)
  }

  /** Of the next row. */
  get threshold(): number {
    return this.#tail?.threshold ?? this.#regime.threshold ?? this.#terms.threshold
  }

  /** Rows that are judged by `threshold` for sure. */
  get rowsLeft(): number {
    return Math.min(this.#regime.rowsLeft, this.#tail?.rowsLeft ?? Number.POSITIVE_INFINITY)
  }

  /** Whether the scores themselves are wanted; if not, `take` looks at how many alarmed alone. */
  get isListening(): boolean {
    return this.#tail !== null || this.#regime.isListening
  }

  get remembered(): Remembered {
    return { regime: this.#regime.state, tail: this.#tail?.state ?? null }
  }

  /** Takes rows [from, to), at most rowsLeft, of which those in `alarms` exceeded the threshold. */
  take(rows: Rows, from: number, to: number, alarms: readonly number[]): Change | null {
    const inForce = this.threshold
    this.#tail?.take(rows.scores, from, to)
    const change = this.#regime.take(rows, from, to, alarms, inForce)
    if (change !== null) this.#tail = this.#newTail(null)
    return change
  }

  #newTail(state: Remembered | null): AdaptiveTail | null {
    const { tail, tailShape, budget, threshold } = this.#terms
    if (tail === 'fixed' || tailShape === null) return null
    return new AdaptiveTail(this.#regime.threshold ?? threshold, budget, tailShape, state?.tail ?? null)
  }
}
