// Virtual time: a queue of events and processes that live in it. Owns the clock; the same seed gives the same order.
// Invariants
//   V1 events run one at a time, in the order of their time, then of their making; between two of them everything that the
//      first made ready to run (promises) has run.
//   V2 what belongs to a process runs only while it lives; while it is paused it waits, and comes in order on resuming.

import { Random } from '../../core/random.ts'
import type { Scheduler } from '../scheduler.ts'

interface Event {
  readonly timeMs: number
  readonly order: number
  readonly process: Process | null
  readonly run: () => void
  cancelled: boolean
}

export class VirtualTime {
  readonly random: Random
  readonly #heap: Event[] = []
  #nowMs: number
  #order = 0

  constructor(seed: number, startMs: number) {
    this.random = Random.derived(seed, 'virtual-time')
    this.#nowMs = startMs
  }

  get nowMs(): number {
    return this.#nowMs
  }

  /** Runs `run` after `ms`, unless cancelled by the answer; as part of `process` if one is named. */
  after(ms: number, run: () => void, process: Process | null = null): () => void {
    const event = { timeMs: this.#nowMs + ms, order: this.#order++, process, run, cancelled: false }
    this.#push(event)
    return () => {
      event.cancelled = true
    }
  }

  /** Runs events until `done`, or until `timeMs`; answers whether it was done. */
  async drive(done: () => boolean, timeMs: number): Promise<boolean> {
    await settled()
    while (!done()) {
      const next = this.#heap[0]
      if (next === undefined || next.timeMs > timeMs) return false
      this.#pop()
      if (next.cancelled) continue
      this.#nowMs = next.timeMs
      if (next.process === null) next.run()
      else next.process.take(next.run)
      await settled()
    }
    return true
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || !before(event, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      const left = heap[below]
      const right = heap[below + 1]
      if (left === undefined) break
      let child = left
      if (right !== undefined && before(right, left)) {
        child = right
        below++
      }
      if (!before(child, last)) break
      heap[at] = child
      at = below
    }
    heap[at] = last
  }
}

function before(a: Event, b: Event): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order)
}

/** Resolves once no promise has anything left to do. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A process in virtual time: what it schedules dies with it. */
export class Process implements Scheduler {
  readonly #time: VirtualTime
  #state: 'running' | 'paused' | 'dead' = 'running'
  #deferred: (() => void)[] = []

  constructor(time: VirtualTime) {
    this.#time = time
  }

  get state(): 'running' | 'paused' | 'dead' {
    return this.#state
  }

  nowMs(): number {
    return Math.floor(this.#time.nowMs)
  }

  after(ms: number, run: () => void): () => void {
    return this.#time.after(ms, run, this)
  }

  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.after(this.#time.random.uniform(), resolve)
    })
  }

  take(run: () => void): void {
    if (this.#state === 'running') run()
    else if (this.#state === 'paused') this.#deferred.push(run)
  }

  pause(): void {
    if (this.#state === 'running') this.#state = 'paused'
  }

  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'running'
    for (const run of this.#deferred.splice(0)) this.after(0, run)
  }

  kill(): void {
    this.#state = 'dead'
    this.#deferred = []
  }
}
