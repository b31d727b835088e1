// Member: this process in a consumer group: which partitions it has, and a runner for each. Owns the consumer, the runners
// and their byte budget.
// Invariants
//   M1 every join confirms every assigned partition, kept ones too: there is no word of a partition that was another's in
//      between, so each is fenced and read anew.
//   M2 a partition is paused from the moment of the join until its runner resumes it, at the runner's position.
//   M3 the handler of fetches hands bytes to a queue and returns; it never waits for a task (B5), nor throws.
//   M4 what comes from another position than the runner's is not taken: fetching is set right; if that does not help, the
//      partition is fenced and read anew, where a lost offset is found.
//   M5 a consumer that gives up is made anew, a bounded number of times without a commit between.

import { setTimeout as wait } from 'node:timers/promises'
import type { Admin, Consumer, EachBatchPayload } from 'kafkajs'
import { Failure } from '../../core/failure.ts'
import type { RunOptions, TaskEvent } from '../bus.ts'
import { ByteBudget } from '../byte-budget.ts'
import { Runner, type RunnerEnd } from '../runner.ts'
import type { Scheduler } from '../scheduler.ts'
import type { OffsetLost } from './committed.ts'
import type { Connection } from './connection.ts'
import { type Delivery, deliveryOf } from './delivery.ts'
import { steadyRetry } from './limits.ts'
import type { Logs } from './logs.ts'
import { KafkaPort } from './port.ts'

const consumersMax = 10
const rebuildMs = 500
const straysMax = 20

export interface MemberSpec {
  readonly connection: Connection
  readonly logs: Logs
  readonly options: RunOptions
  readonly offsetLost: OffsetLost
  readonly scheduler: Scheduler
}

interface Part {
  readonly runner: Runner
  readonly port: KafkaPort
  /** Where fetching goes on; NaN before the first seek. */
  expected: number
  strays: number
}

export class Member {
  readonly ended: Promise<void>
  readonly #spec: MemberSpec
  readonly #options: RunOptions
  readonly #parts = new Map<number, Part>()
  readonly #budget: ByteBudget
  #consumer: Consumer | null = null
  #admin: Promise<Admin> | null = null
  #joins = 0
  #crashes = 0
  #stopping: Promise<void> | null = null
  #resolve: () => void = () => {}
  #reject: (failure: Error) => void = () => {}

  constructor(spec: MemberSpec) {
    this.#spec = spec
    const { on, bufferedBytesMax } = spec.options
    this.#options = { ...spec.options, on: (event) => this.#seen(event) }
    this.#budget = new ByteBudget(bufferedBytesMax, (bytes) =>
      on({ kind: 'buffered', bytes, bytesMax: bufferedBytesMax }),
    )
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever awaits it later is still told; until then it is not an unhandled rejection.
    this.ended.catch(() => {})
  }

  /** A commit means that things work again. */
  #seen(event: TaskEvent): void {
    if (event.kind === 'committed') this.#crashes = 0
    this.#spec.options.on(event)
  }

  async join(): Promise<void> {
    const { connection, options } = this.#spec
    const consumer = connection.consumer(options.group, { ...steadyRetry, restartOnFailure: async () => true })
    const { GROUP_JOIN, REBALANCING, CRASH } = consumer.events
    consumer.on(GROUP_JOIN, (event) => this.#joined(event.payload.memberAssignment[options.topic] ?? []))
    consumer.on(REBALANCING, () => this.#suspend())
    consumer.on(CRASH, (event) => {
      this.#suspend()
      if (!event.payload.restart) this.#crashed(consumer, event.payload.error)
    })
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [options.topic], fromBeginning: true })
      this.#consumer = consumer
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 1,
        eachBatch: async (payload) => this.#taken(payload),
      })
    } catch (thrown) {
      consumer.disconnect().catch(() => {})
      throw connection.failure(thrown, `joining group ${options.group}`)
    }
  }

  #suspend(): void {
    for (const { runner } of this.#parts.values()) runner.suspend()
  }

  #joined(partitions: readonly number[]): void {
    if (this.#stopping !== null) return
    this.#quietly((consumer) => consumer.pause([{ topic: this.#options.topic, partitions: [...partitions] }]))
    if (this.#joins++ > 0) this.#options.on({ kind: 'rebalanced' })
    for (const [partition, { runner }] of this.#parts) {
      if (partitions.includes(partition)) continue
      this.#parts.delete(partition)
      runner.abandon()
    }
    for (const partition of partitions) {
      const part = this.#parts.get(partition)
      if (part !== undefined) part.runner.confirm()
      else this.#begin(partition)
    }
    this.#options.on({ kind: 'assigned', partitions: [...partitions].sort((a, b) => a - b) })
  }

  #begin(partition: number): void {
    const { connection, logs, offsetLost, scheduler } = this.#spec
    const sought = (offset: number): void => {
      const part = this.#parts.get(partition)
      if (part?.port === port) part.expected = offset
    }
    const port: KafkaPort = new KafkaPort({
      connection,
      logs,
      offsetLost,
      partition,
      options: this.#options,
      admin: () => this.#theAdmin(),
      consumer: () => (this.#parts.get(partition)?.port === port ? this.#consumer : null),
      sought,
    })
    const runner = new Runner({
      partition,
      port,
      options: this.#options,
      reader: logs,
      scheduler,
      share: (pause, resume) => this.#budget.join(pause, resume),
    })
    this.#parts.set(partition, { runner, port, expected: Number.NaN, strays: 0 })
    runner.ended.then((end) => this.#runnerEnded(partition, runner, end))
  }

  /** Hands a fetch to its runner (M3). */
  #taken({ batch, resolveOffset, isRunning, isStale }: EachBatchPayload): void {
    if (!isRunning() || isStale()) return
    const delivery = deliveryOf(batch)
    const part = this.#parts.get(delivery.partition)
    if (part === undefined) return
    if (delivery.from !== part.expected) {
      this.#strayed(part, delivery)
      return
    }
    part.strays = 0
    part.expected = delivery.next
    resolveOffset(String(delivery.next - 1))
    const { partition } = delivery
    this.#options.on({ kind: 'lag', partition, records: Math.max(0, Number(delivery.highWatermark) - delivery.next) })
    part.runner.offer(delivery)
  }

  /** M4. */
  #strayed(part: Part, delivery: Delivery): void {
    const { topic, partition } = delivery
    if (Number.isNaN(part.expected)) return
    if (++part.strays > straysMax) {
      part.strays = 0
      part.runner.confirm()
    } else {
      this.#quietly((consumer) => consumer.seek({ topic, partition, offset: String(part.expected) }))
    }
  }

  /** kafkajs refuses these between a crash and the join that follows it, which repeats them. */
  #quietly(ask: (consumer: Consumer) => void): void {
    const consumer = this.#consumer
    if (consumer === null) return
    try {
      ask(consumer)
    } catch {
      // The next join says it again (M1, M2).
    }
  }

  #theAdmin(): Promise<Admin> {
    this.#admin ??= this.#spec.connection.admin()
    this.#admin.catch(() => {
      this.#admin = null
    })
    return this.#admin
  }

  #runnerEnded(partition: number, runner: Runner, end: RunnerEnd): void {
    const held = this.#parts.get(partition)?.runner === runner
    if (held) this.#parts.delete(partition)
    if (this.#stopping !== null || !held) return
    if (end.kind === 'failed') this.#fail(end.failure)
    if (end.kind === 'fenced') {
      this.#options.on({ kind: 'failed', failure: end.failure })
      this.#rejoin(this.#spec.connection.limits.sessionTimeoutMs)
    }
  }

  #crashed(consumer: Consumer, error: Error): void {
    if (this.#stopping !== null || this.#consumer !== consumer) return
    const failure = this.#spec.connection.failure(
      error,
      `reading ${this.#options.topic} in group ${this.#options.group}`,
    )
    const lasting = ['topic-missing', 'broker-refused'].includes(failure.code) && this.#joins === 0
    if (lasting || ++this.#crashes > consumersMax) {
      this.#fail(failure)
      return
    }
    this.#options.on({ kind: 'failed', failure })
    this.#rejoin(rebuildMs * this.#crashes)
  }

  /** Leaves the group and joins again with a new consumer (M5). */
  #rejoin(afterMs: number): void {
    const consumer = this.#consumer
    this.#consumer = null
    this.#suspend()
    const again = async (): Promise<void> => {
      await consumer?.disconnect().catch(() => {})
      await wait(afterMs)
      if (this.#stopping === null) await this.join()
    }
    again().catch((thrown: unknown) => {
      if (++this.#crashes > consumersMax) this.#fail(Failure.of(thrown, 'broker-unreachable'))
      else this.#rejoin(rebuildMs * this.#crashes)
    })
  }

  #fail(failure: Error): void {
    this.#close(false).then(() => this.#reject(failure))
  }

  async stop(): Promise<void> {
    await this.#close(true)
    this.#resolve()
  }

  #close(orderly: boolean): Promise<void> {
    this.#stopping ??= (async () => {
      const parts = [...this.#parts.values()]
      // The consumer stays a member until the last commit: leaving first would hand the partitions on.
      await Promise.all(parts.map(({ runner }) => (orderly ? runner.stop() : runner.abandon())))
      await this.#consumer?.disconnect().catch(() => {})
      await this.#admin?.then((admin) => admin.disconnect()).catch(() => {})
    })()
    return this.#stopping
  }
}
