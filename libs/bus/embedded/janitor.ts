// Janitor: calls retention and compaction now and then, one partition after the other. Owns when a partition was compacted.
// A partition is compacted when as much was appended as survived the last time, so that compaction costs no more than
// appending did; after a start, when nothing is known, once.

import type { Scheduler } from '../scheduler.ts'
import { compact } from './compaction.ts'
import type { Log } from './log.ts'
import { expire } from './retention.ts'
import type { Store } from './store.ts'

export const SWEEP_MS = 30_000
const DIRTY_BYTES_MIN = 4 * 1024 * 1024

export class Janitor {
  readonly #store: Store
  readonly #log: Log
  readonly #scheduler: Scheduler
  readonly #failed: (thrown: unknown) => void
  /** Per partition: bytes that survived, and bytes that had been appended in this process by then. */
  readonly #compacted = new Map<string, { readonly survived: number; readonly appended: number }>()
  #cancel: () => void = () => undefined
  #stopped = false
  #sweeping: Promise<void> = Promise.resolve()

  constructor(store: Store, log: Log, scheduler: Scheduler, failed: (thrown: unknown) => void) {
    this.#store = store
    this.#log = log
    this.#scheduler = scheduler
    this.#failed = failed
    this.#wait()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#sweeping
  }

  #wait(): void {
    this.#cancel = this.#scheduler.after(SWEEP_MS, () => {
      this.#sweeping = this.#sweep().catch(this.#failed)
    })
  }

  async #sweep(): Promise<void> {
    const topics = [...this.#store.topics.getRange()].map(({ value }) => value)
    for (const topic of topics) {
      for (let partition = 0; partition < topic.partitions && !this.#stopped; partition++) {
        const nowMs = this.#scheduler.nowMs()
        if (topic.retentionMs !== null && topic.cleanup === 'delete') {
          while (!this.#stopped && (await expire(this.#store, topic, partition, nowMs - topic.retentionMs))) {
            await this.#scheduler.turn()
          }
        }
        if (topic.cleanup === 'compact' && this.#isDirty(topic.id, partition)) {
          const appended = this.#log.appendedBytes(topic.id, partition)
          const survived = await compact(this.#store, topic, partition, nowMs, this.#scheduler)
          this.#compacted.set(`${topic.id}/${partition}`, { survived, appended })
        }
      }
    }
    if (!this.#stopped) this.#wait()
  }

  #isDirty(topic: number, partition: number): boolean {
    const known = this.#compacted.get(`${topic}/${partition}`)
    if (known === undefined) return true
    const dirty = this.#log.appendedBytes(topic, partition) - known.appended
    return dirty >= Math.max(DIRTY_BYTES_MIN, known.survived)
  }
}
