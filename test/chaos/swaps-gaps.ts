// Swaps gaps: the time between two batches of a drain, as a clock sees it and as the loop alone is to answer for: without the
// time that its thread was ready to run and waited for a core. On a machine that others use too, the first says little.
// Linux tells the waiting of a thread in its schedstat; elsewhere it counts as zero.

import { closeSync, openSync, readSync } from 'node:fs'

export interface Longest {
  /** Longest time between two batches, ms. */
  readonly gapMs: number
  /** The same, waiting for a core left out. */
  readonly ownGapMs: number
  /** Share of the time that the thread waited for a core. */
  readonly waitedShare: number
}

export class Gaps {
  readonly #file = open()
  readonly #buffer = Buffer.alloc(64)
  #startMs = 0
  #lastMs = 0
  #waitedMs = 0
  #startWaitedMs = 0
  #gapMs = 0
  #ownGapMs = 0

  /** A batch is scored; the first only begins the measure. */
  lap(): void {
    const waitedMs = this.#waited()
    const nowMs = performance.now()
    if (this.#startMs === 0) {
      this.#startMs = nowMs
      this.#startWaitedMs = waitedMs
    } else {
      const gapMs = nowMs - this.#lastMs
      this.#gapMs = Math.max(this.#gapMs, gapMs)
      this.#ownGapMs = Math.max(this.#ownGapMs, gapMs - (waitedMs - this.#waitedMs))
    }
    this.#lastMs = nowMs
    this.#waitedMs = waitedMs
  }

  longest(): Longest {
    if (this.#file !== null) closeSync(this.#file)
    const waitedShare = (this.#waitedMs - this.#startWaitedMs) / Math.max(1, this.#lastMs - this.#startMs)
    return { gapMs: this.#gapMs, ownGapMs: this.#ownGapMs, waitedShare }
  }

  #waited(): number {
    if (this.#file === null) return 0
    const length = readSync(this.#file, this.#buffer, 0, this.#buffer.length, 0)
    return Number(this.#buffer.toString('latin1', 0, length).split(' ')[1]) / 1e6
  }
}

function open(): number | null {
  try {
    return openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
  } catch {
    return null
  }
}
