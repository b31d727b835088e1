// Membership: a process's part in a consumer group, as a client of Kafka plays it: join, work, beat, and join again when the
// group rebalances. Owns which partitions it was given last.
// Invariants
//   B4 on every assignment each partition is fenced anew, kept ones too: there is no telling whose they were in between.

import type { RunOptions } from '../bus.ts'
import type { Port } from '../port.ts'
import { delay } from '../scheduler.ts'
import type { Tasks } from '../tasks.ts'
import { type Group, SESSION_MS } from './group.ts'
import type { Process } from './virtual-time.ts'
import type { Wire } from './wire.ts'

export interface MembershipSpec {
  readonly group: Group
  readonly name: string
  readonly process: Process
  readonly wire: Wire
  readonly tasks: Tasks
  readonly options: RunOptions
  readonly port: (partition: number) => Port
}

const BEAT_MS = 1000

export class Membership {
  readonly #spec: MembershipSpec
  #partitions: ReadonlySet<number> = new Set()
  #leaving = false

  constructor(spec: MembershipSpec) {
    this.#spec = spec
    void this.#main()
  }

  owns(partition: number): boolean {
    return this.#partitions.has(partition)
  }

  /** A partition proved to be another's: out of the group, and in again once a silent other would have been put out. */
  async rejoin(): Promise<void> {
    const { group, name, wire, process } = this.#spec
    await delay(process, SESSION_MS)
    if (!this.#leaving) await wire.call(() => group.leave(name))
  }

  stop(): void {
    this.#leaving = true
  }

  async leave(): Promise<void> {
    const { group, name, wire } = this.#spec
    await wire.call(() => group.leave(name))
  }

  async #main(): Promise<void> {
    const { group, name, wire, process, tasks, options } = this.#spec
    while (!this.#leaving) {
      const partitions = await wire.call(() => group.join(name))
      if (partitions === null || this.#leaving) continue
      this.#assign(partitions)
      do await delay(process, BEAT_MS)
      while (!this.#leaving && (await wire.call(() => group.beat(name))))
      if (this.#leaving) return
      this.#partitions = new Set()
      for (const runner of tasks.runners.values()) runner.suspend()
      options.on({ kind: 'rebalanced' })
    }
  }

  #assign(partitions: readonly number[]): void {
    const { tasks, options, port } = this.#spec
    this.#partitions = new Set(partitions)
    options.on({ kind: 'assigned', partitions })
    for (const [partition, runner] of tasks.runners) {
      if (this.#partitions.has(partition)) runner.confirm()
      else void runner.abandon()
    }
    for (const partition of partitions) if (!tasks.runners.has(partition)) tasks.start(partition, port(partition))
  }
}
