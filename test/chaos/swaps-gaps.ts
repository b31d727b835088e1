// Swaps gaps: the time between two batches of a drain, as a clock sees it and as the loop alone is to answer for: without the
// time that its thread was ready to run and waited for a core. On a machine that others use too, the first says little.
// The longest of a whole drain is one garbage collection or another; a swap shows in the longest of the windows that begin
// where a detector is published, held against windows that begin where none is.
// Linux tells the waiting of a thread in its schedstat; elsewhere it counts as zero.

import { closeSync, openSync, readSync } from 'node:fs'

/** From a publication until long after the verified detector is laid out; the next begins after it. */
export const WINDOW_MS = 200

export interface Longest {
  /** Longest time between two batches, ms. */
  readonly gapMs: number
  /** The same, waiting for a core left out. */
  readonly ownGapMs: number
  /** The same of each window. */
  readonly windowsMs: readonly number[]
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
  #windowEndMs = 0
  readonly #windowsMs: number[] = []

  get inWindow(): boolean {
    return this.#lastMs < this.#windowEndMs
  }

  /** A window begins with the batch scored last. */
  window(): void {
    this.#windowEndMs = this.#lastMs + WINDOW_MS
    this.#windowsMs.push(0)
  }

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
      const ownMs = gapMs - (waitedMs - this.#waitedMs)
      this.#ownGapMs = Math.max(this.#ownGapMs, ownMs)
      const window = this.#windowsMs.length - 1
      if (this.inWindow) this.#windowsMs[window] = Math.max(this.#windowsMs[window] ?? 0, ownMs)
    }
    this.#lastMs = nowMs
    this.#waitedMs = waitedMs
  }

  longest(): Longest {
    if (this.#file !== null) closeSync(this.#file)
    const waitedShare = (this.#waitedMs - this.#startWaitedMs) / Math.max(1, this.#lastMs - this.#startMs)
    return { gapMs: this.#gapMs, ownGapMs: this.#ownGapMs, windowsMs: this.#windowsMs, waitedShare }
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
