// Fetched: what an adapter offers to a task's queue, and the feed that turns it into pieces small enough for one turn of
// the event loop. The runs of a fetch are made when their turn comes; until then it weighs its bytes.
// Invariants
//   F1 pieces ascend without a gap: after the last piece of a fetch the position is the fetch's `next`, whatever its last
//      records were (control records, aborted transactions, compaction).

import { type Records, sliceOf } from '../core/records.ts'
import type { Run } from './record-reader.ts'

export interface Fetched {
  /** The position that was asked for, and the position after everything in it. */
  readonly from: number
  readonly next: number
  /** What it weighs in memory. */
  readonly bytes: number
  readonly runs: Iterable<Run>
}

/** A run without records that ends at `nextOffset`. */
export function gapTo(nextOffset: number): Records {
  const none = new Int32Array(0)
  const numbers = new Float64Array(0)
  return {
    count: 0,
    bytes: new Uint8Array(0),
    offsets: numbers,
    timestampsMs: numbers,
    keyAt: none,
    keyLength: none,
    valueAt: none,
    valueLength: none,
    headersAt: none,
    nextOffset,
  }
}

/** The fetches that wait, taken piece by piece. */
export class Feed {
  readonly #release: (bytes: number) => void
  readonly #waiting: Fetched[] = []
  #open: { readonly fetched: Fetched; readonly runs: Iterator<Run> } | null = null
  #run: Records | null = null
  #taken = 0
  #position = 0

  constructor(release: (bytes: number) => void) {
    this.#release = release
  }

  /** Fetches of which nothing was taken yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  push(fetched: Fetched): void {
    this.#waiting.push(fetched)
  }

  /** Forgets everything; the caller gives the bytes back. */
  clear(): void {
    this.#waiting.length = 0
    this.#open = null
    this.#run = null
    this.#taken = 0
  }

  /** The next piece, of at most `recordsMax` records, or null when nothing waits. */
  take(recordsMax: number): Run | null {
    for (;;) {
      if (this.#run !== null) return this.#slice(this.#run, recordsMax)
      this.#open ??= this.#begin()
      if (this.#open === null) return null
      const { fetched, runs } = this.#open
      const next = runs.next()
      if (next.done === true) {
        this.#open = null
        this.#release(fetched.bytes)
        if (this.#position < fetched.next) {
          this.#position = fetched.next
          return { kind: 'records', records: gapTo(fetched.next) }
        }
      } else if (next.value.kind === 'too-large') {
        this.#position = next.value.next
        return next.value
      } else {
        this.#run = next.value.records
      }
    }
  }

  #begin(): { readonly fetched: Fetched; readonly runs: Iterator<Run> } | null {
    const fetched = this.#waiting.shift()
    if (fetched === undefined) return null
    this.#position = fetched.from
    return { fetched, runs: fetched.runs[Symbol.iterator]() }
  }

  #slice(run: Records, recordsMax: number): Run {
    const to = Math.min(run.count, this.#taken + recordsMax)
    const records = sliceOf(run, this.#taken, to)
    this.#taken = to
    this.#position = records.nextOffset
    if (to >= run.count) {
      this.#run = null
      this.#taken = 0
    }
    return { kind: 'records', records }
  }
}
