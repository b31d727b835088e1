// Tail: reads a partition from a position on and goes on as it grows. Owns the position.
// One fetch a turn of the event loop; at the end it waits for the source's signal. What was fetched before a seek is dropped.

import type { Fetched } from './fetched.ts'
import type { Scheduler } from './scheduler.ts'

export interface TailSource {
  /** What lies behind `from`, or null at the end. */
  fetch(topic: string, partition: number, from: number): Fetched | null | Promise<Fetched | null>
  /** Calls `wake` once when the topic may have grown; the answer cancels it. */
  onGrowth(topic: string, wake: () => void): () => void
}

export interface TailSpec {
  readonly source: TailSource
  readonly scheduler: Scheduler
  readonly topic: string
  readonly partition: number
  readonly each: (fetched: Fetched) => void
  /** Told what ended it: reading failed, or `each` threw. */
  readonly failed: (thrown: unknown) => void
}

export class Tail {
  readonly #spec: TailSpec
  #position = 0
  #paused = true
  #pumping = false
  #seeks = 0
  #wake: () => void = () => undefined

  constructor(spec: TailSpec) {
    this.#spec = spec
  }

  seek(offset: number): void {
    this.#position = offset
    this.#seeks++
    this.#wake()
  }

  pause(): void {
    this.#paused = true
    this.#wake()
  }

  resume(): void {
    this.#paused = false
    if (this.#pumping) return
    this.#pumping = true
    void this.#pump()
  }

  async #pump(): Promise<void> {
    try {
      while (!this.#paused) await this.#advance()
    } catch (thrown) {
      this.#paused = true
      this.#spec.failed(thrown)
    }
    this.#pumping = false
  }

  async #advance(): Promise<void> {
    const { source, scheduler, topic, partition, each } = this.#spec
    const seeks = this.#seeks
    const fetching = source.fetch(topic, partition, this.#position)
    const fetched = fetching instanceof Promise ? await fetching : fetching
    if (seeks !== this.#seeks) return
    if (fetched === null) {
      await this.#growth()
      return
    }
    this.#position = fetched.next
    each(fetched)
    await scheduler.turn()
  }

  #growth(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#spec.source.onGrowth(this.#spec.topic, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }
}
