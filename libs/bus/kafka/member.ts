// Member: this process in a consumer group: which partitions it has, and what is fetched of them. Owns the consumer; the
// tasks of the partitions are Tasks'.
// Invariants
//   M1 every join confirms every assigned partition, kept ones too: there is no word of a partition that was another's in
//      between, so each is fenced and read anew.
//   M2 a partition is paused from the moment of the join until its runner resumes it, at the runner's position.
//   M3 the handler of fetches hands bytes to a queue and returns; it never waits for a task (B5), nor throws.
//   M4 what comes from another position than the runner's is not taken: fetching is set right; if that does not help, the
//      partition is fenced and read anew, where a lost offset is found.
//   M5 a consumer that gives up is made anew, a bounded number of times without a commit between.
//   M6 it stays in the group until the last commit: leaving first would hand the partitions on.

import { setTimeout as wait } from 'node:timers/promises'
import type { Admin, Consumer, EachBatchPayload } from 'kafkajs'
import { Failure } from '../../core/failure.ts'
import type { RunOptions, TaskEvent } from '../bus.ts'
import type { Port } from '../port.ts'
import type { Scheduler } from '../scheduler.ts'
import { Tasks } from '../tasks.ts'
import type { OffsetLost } from './committed.ts'
import type { Connection } from './connection.ts'
import { type Delivery, deliveryOf } from './delivery.ts'
import { steadyRetry } from './limits.ts'
import type { Logs } from './logs.ts'
import { kafkaPort } from './port.ts'

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

/** Where fetching of a partition stands. */
interface Place {
  readonly port: Port
  /** Where it goes on; NaN before the first seek. */
  expected: number
  strays: number
}

export class Member {
  readonly ended: Promise<void>
  readonly #spec: MemberSpec
  readonly #options: RunOptions
  readonly #tasks: Tasks
  readonly #places = new Map<number, Place>()
  #consumer: Consumer | null = null
  #admin: Promise<Admin> | null = null
  #rejoining = false
  #joins = 0
  #crashes = 0
  #ending = false

  constructor(spec: MemberSpec) {
    this.#spec = spec
    this.#options = { ...spec.options, on: (event) => this.#seen(event) }
    this.#tasks = new Tasks(this.#options, spec.logs, spec.scheduler, () =>
      // Another owner exists: give the group the time to notice that one of us is gone.
      this.#rejoin(spec.connection.limits.sessionTimeoutMs),
    )
    const leave = (): Promise<void> => this.#leave()
    this.ended = this.#tasks.ended.finally(leave)
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
    consumer.on(GROUP_JOIN, (event) => this.#joined(consumer, event.payload.memberAssignment[options.topic] ?? []))
    consumer.on(REBALANCING, () => this.#suspend())
    consumer.on(CRASH, (event) => {
      this.#suspend()
      if (!event.payload.restart) this.#crashed(consumer, event.payload.error)
    })
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [options.topic], fromBeginning: true })
      if (this.#ending) {
        await consumer.disconnect()
        return
      }
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
    for (const runner of this.#tasks.runners.values()) runner.suspend()
  }

  #joined(consumer: Consumer, partitions: readonly number[]): void {
    if (this.#ending || consumer !== this.#consumer) return
    consumer.pause([{ topic: this.#options.topic, partitions: [...partitions] }])
    if (this.#joins++ > 0) this.#options.on({ kind: 'rebalanced' })
    for (const [partition, runner] of this.#tasks.runners) {
      if (partitions.includes(partition)) continue
      this.#places.delete(partition)
      runner.abandon()
    }
    for (const partition of partitions) {
      const runner = this.#places.has(partition) ? this.#tasks.runners.get(partition) : undefined
      if (runner !== undefined) runner.confirm()
      else this.#begin(partition)
    }
    this.#options.on({ kind: 'assigned', partitions: [...partitions].sort((a, b) => a - b) })
  }

  #begin(partition: number): void {
    const { connection, logs, offsetLost } = this.#spec
    const mine = (): Place | null => {
      const place = this.#places.get(partition)
      return place?.port === port ? place : null
    }
    const port = kafkaPort({
      connection,
      logs,
      offsetLost,
      partition,
      options: this.#options,
      admin: () => this.#theAdmin(),
      consumer: () => (mine() === null ? null : this.#consumer),
      refused: (failure) => this.#tasks.fail(failure),
      sought: (offset) => {
        const place = mine()
        if (place !== null) place.expected = offset
      },
    })
    this.#places.set(partition, { port, expected: Number.NaN, strays: 0 })
    this.#tasks.start(partition, port)
  }

  /** Hands a fetch to its runner (M3). */
  #taken({ batch, resolveOffset, isRunning, isStale }: EachBatchPayload): void {
    if (!isRunning() || isStale()) return
    const delivery = deliveryOf(batch)
    const { partition } = delivery
    const place = this.#places.get(partition)
    if (place === undefined) return
    if (delivery.from !== place.expected) {
      this.#strayed(place, delivery)
      return
    }
    place.strays = 0
    place.expected = delivery.next
    resolveOffset(String(delivery.next - 1))
    this.#options.on({ kind: 'lag', partition, records: Math.max(0, Number(delivery.highWatermark) - delivery.next) })
    this.#tasks.runners.get(partition)?.offer(delivery)
  }

  /** M4. */
  #strayed(place: Place, { topic, partition }: Delivery): void {
    if (Number.isNaN(place.expected)) return
    if (++place.strays > straysMax) {
      place.strays = 0
      this.#tasks.runners.get(partition)?.confirm()
    } else {
      this.#consumer?.seek({ topic, partition, offset: String(place.expected) })
    }
  }

  #theAdmin(): Promise<Admin> {
    this.#admin ??= this.#spec.connection.admin()
    this.#admin.catch(() => {
      this.#admin = null
    })
    return this.#admin
  }

  #crashed(consumer: Consumer, error: Error): void {
    if (this.#ending || this.#consumer !== consumer) return
    const { connection, options } = this.#spec
    const failure = connection.failure(error, `reading ${options.topic} in group ${options.group}`)
    const lasting = ['topic-missing', 'broker-refused'].includes(failure.code) && this.#joins === 0
    if (lasting || ++this.#crashes > consumersMax) {
      this.#tasks.fail(failure)
      return
    }
    options.on({ kind: 'failed', failure })
    this.#rejoin(rebuildMs * this.#crashes)
  }

  /** Leaves the group and joins again with a new consumer (M5). */
  #rejoin(afterMs: number): void {
    // Two partitions may find at once that they are another's; two consumers would then take each other's for their own.
    if (this.#rejoining) return
    this.#rejoining = true
    const consumer = this.#consumer
    this.#consumer = null
    this.#suspend()
    const again = async (): Promise<void> => {
      await consumer?.disconnect().catch(() => {})
      await wait(afterMs)
      this.#rejoining = false
      if (!this.#ending) await this.join()
    }
    again().catch((thrown: unknown) => {
      if (++this.#crashes > consumersMax) this.#tasks.fail(Failure.of(thrown, 'broker-unreachable'))
      else this.#rejoin(rebuildMs * this.#crashes)
    })
  }

  async stop(): Promise<void> {
    this.#ending = true
    await this.#tasks.stop()
    await this.ended.catch(() => {})
  }

  async #leave(): Promise<void> {
    this.#ending = true
    const consumer = this.#consumer
    this.#consumer = null
    await consumer?.disconnect().catch(() => {})
    await this.#admin?.then((admin) => admin.disconnect()).catch(() => {})
  }
}
