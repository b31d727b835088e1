// Tail: reads a partition of the embedded log from a position on and goes on as it grows. Owns the position.
// It reads in short transactions, about a megabyte a turn of the event loop, and waits for the log's signal at the end.

import type { Fetched } from '../fetched.ts'
import type { Scheduler } from '../scheduler.ts'

export interface TailSource {
  /** What lies behind `from`, or null at the end. */
  fetch(topic: string, partition: number, from: number): Fetched | null
  /** Calls `wake` once when the topic may have grown; the answer cancels it. */
  onGrowth(topic: string, wake: () => void): () => void
}

export interface TailSpec {
  readonly source: TailSource
  readonly scheduler: Scheduler
  readonly topic: string
  readonly partition: number
  readonly each: (fetched: Fetched) => void
}

export class Tail {
  readonly #spec: TailSpec
  #position = 0
  #paused = true
  #pumping = false
  #wake: () => void = () => undefined

  constructor(spec: TailSpec) {
    this.#spec = spec
  }

  seek(offset: number): void {
    this.#position = offset
    this.#wake()
  }

  pause(): void {
    this.#paused = true
    this.#wake()
  }

  resume(): void {
    this.#paused = false
    if (!this.#pumping) void this.#pump()
  }

  async #pump(): Promise<void> {
    const { source, scheduler, topic, partition, each } = this.#spec
    this.#pumping = true
    while (!this.#paused) {
      const fetched = source.fetch(topic, partition, this.#position)
      if (fetched === null) {
        await this.#growth()
        continue
      }
      this.#position = fetched.next
      each(fetched)
      await scheduler.turn()
    }
    this.#pumping = false
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
