// Wire: how a process calls the broker in virtual time: a request takes a while, so does its reply, and either may be lost
// or late. Owns the order of requests: those of one channel arrive in the order in which they were sent, but for the faults.
// Faults
//   request lost     the broker never hears of it; the caller gets a timeout
//   reply lost       the broker did it; the caller gets a timeout
//   request delayed  the caller gets a timeout first, and the broker does it later, whatever happened in between

import { Failure } from '../../core/failure.ts'
import type { Random } from '../../core/random.ts'
import type { Process, VirtualTime } from './virtual-time.ts'

/** Chances of each fault per call, from 0 to 1; mutable, so that a history can become quiet. */
export interface Faults {
  requestLost: number
  replyLost: number
  delayed: number
}

const LATENCY_MS = 2
const TIMEOUT_MS = 1000
const DELAY_MS_MAX = 3000
const CHANNEL_GAP_MS = 0.001

export class Wire {
  readonly #time: VirtualTime
  readonly #process: Process
  readonly #faults: Faults
  readonly #random: Random
  readonly #arrivals = new Map<string, number>()

  constructor(time: VirtualTime, process: Process, faults: Faults) {
    this.#time = time
    this.#process = process
    this.#faults = faults
    this.#random = time.random
  }

  /** Calls the broker without faults beyond latency: reading, joining, and what a history does not stress. */
  call<T>(work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#time.after(this.#latencyMs(), () => this.#perform(work, resolve, reject))
    })
  }

  /** Calls the broker on a channel, with faults. */
  risk<T>(channel: string, work: () => T | Promise<T>): Promise<T> {
    const { requestLost, replyLost, delayed } = this.#faults
    const fate = this.#random.uniform()
    const arrivalMs = Math.max(
      this.#time.nowMs + this.#latencyMs(),
      (this.#arrivals.get(channel) ?? 0) + CHANNEL_GAP_MS,
    )
    this.#arrivals.set(channel, arrivalMs)
    const inMs = arrivalMs - this.#time.nowMs
    return new Promise((resolve, reject) => {
      if (fate >= requestLost + replyLost + delayed) {
        this.#time.after(inMs, () => this.#perform(work, resolve, reject))
        return
      }
      this.#process.after(TIMEOUT_MS, () => reject(new Failure('timeout', 'the broker does not answer')))
      const silent = (): void => this.#perform(work, ignore, ignore)
      if (fate < replyLost) this.#time.after(inMs, silent)
      else if (fate < replyLost + delayed) this.#time.after(TIMEOUT_MS + this.#random.uniform() * DELAY_MS_MAX, silent)
    })
  }

  #perform<T>(work: () => T | Promise<T>, resolve: (value: T) => void, reject: (thrown: unknown) => void): void {
    const answer = (run: () => void): void => {
      this.#time.after(this.#latencyMs(), run, this.#process)
    }
    try {
      const worked = work()
      if (worked instanceof Promise) {
        worked.then(
          (value) => answer(() => resolve(value)),
          (thrown: unknown) => answer(() => reject(thrown)),
        )
      } else answer(() => resolve(worked))
    } catch (thrown) {
      answer(() => reject(thrown))
    }
  }

  #latencyMs(): number {
    return this.#random.exponential() * LATENCY_MS
  }
}

function ignore(): void {
  // Nobody hears of it.
}
