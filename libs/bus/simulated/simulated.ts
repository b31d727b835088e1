// Simulated bus: one process's view of the modelled broker, running the same loop and the same commit scheme as the kafka
// adapter. Owns its wire, its membership in groups and its tasks. Deterministic for a seed.

import { Failure } from '../../core/failure.ts'
import type { Message } from '../../core/message.ts'
import type { Records } from '../../core/records.ts'
import type { Bus, Following, PartitionRange, Published, Reader, Running, RunOptions, TopicSettings } from '../bus.ts'
import type { Fetched } from '../fetched.ts'
import { followingOf } from '../following.ts'
import { parcelsBy } from '../parcel.ts'
import type { Port } from '../port.ts'
import { batchesIn } from '../record-batch.ts'
import { runsOf } from '../record-reader.ts'
import { batchOf } from '../record-writer.ts'
import { Tail, type TailSource } from '../tail.ts'
import { Tasks } from '../tasks.ts'
import { type TransactionClient, TransactionPort } from '../transaction-port.ts'
import type { Broker } from './broker.ts'
import { simulatedClient } from './client.ts'
import type { Group } from './group.ts'
import { Membership } from './membership.ts'
import type { Process, VirtualTime } from './virtual-time.ts'
import { type Faults, Wire } from './wire.ts'

/** What all processes of one simulation share. */
export interface SimulatedWorld {
  readonly time: VirtualTime
  readonly broker: Broker
  readonly faults: Faults
  group(name: string, topic: string): Group
}

export interface SimulatedOptions {
  readonly world: SimulatedWorld
  readonly process: Process
  /** Distinguishes members of a group. */
  readonly name: string
  /** Records that a fetch of a tail brings at most. */
  readonly fetchRecordsMax: number
  /** Puts something between the transaction port and the client; tests plant bugs with it. */
  readonly wrap: (client: TransactionClient) => TransactionClient
}

const READ_RECORDS_MAX = 1000
const FETCH_WAIT_MS = 5000

export class SimulatedBus implements Bus {
  readonly #options: SimulatedOptions
  readonly #broker: Broker
  readonly #process: Process
  readonly #wire: Wire
  readonly #stops = new Set<() => Promise<void>>()

  constructor(options: SimulatedOptions) {
    this.#options = options
    this.#broker = options.world.broker
    this.#process = options.process
    this.#wire = new Wire(options.world.time, options.process, options.world.faults)
  }

  partitions(topic: string): Promise<number> {
    return this.#wire.call(() => this.#broker.partitions(topic))
  }

  range(topic: string, partition: number): Promise<PartitionRange> {
    return this.#wire.call(() => ({ first: 0, next: this.#broker.stable(this.#broker.log(topic, partition)) }))
  }

  async *read(topic: string, partition: number, from: number, to: number): AsyncGenerator<Records> {
    const { next } = await this.range(topic, partition)
    const end = Math.min(next, to)
    for (let position = from; position < end; ) {
      const fetched = await this.#wire.call(() => this.#fetch(topic, partition, position, end, READ_RECORDS_MAX))
      if (fetched === null) return
      for (const run of fetched.runs) if (run.kind === 'records') yield run.records
      position = fetched.next
    }
  }

  async offsetAt(topic: string, partition: number, timeMs: number): Promise<number> {
    return this.#wire.call(() => {
      const log = this.#broker.log(topic, partition)
      const end = this.#broker.stable(log)
      const found = log.find(({ message, offset }) => offset < end && message !== null && message.timestampMs >= timeMs)
      return found?.offset ?? end
    })
  }

  ensureTopics(topics: readonly TopicSettings[]): Promise<void> {
    return this.#wire.call(() => this.#broker.create(topics))
  }

  async run(options: RunOptions): Promise<Running> {
    const group = this.#options.world.group(options.group, options.topic)
    const tasks = new Tasks(options, this, this.#process, () => membership.rejoin())
    const membership = new Membership({
      group,
      name: this.#options.name,
      process: this.#process,
      wire: this.#wire,
      tasks,
      options,
      port: (partition) => this.#port(options, partition, tasks, membership),
    })
    const stop = async (): Promise<void> => {
      this.#stops.delete(stop)
      membership.stop()
      await tasks.stop()
      await membership.leave()
    }
    this.#stops.add(stop)
    return { stop, ended: tasks.ended }
  }

  #port(options: RunOptions, partition: number, tasks: Tasks, membership: Membership): Port {
    const { topic, group } = options
    const tail = new Tail({
      source: this.#source(),
      scheduler: this.#process,
      topic,
      partition,
      each: (fetched) => tasks.runners.get(partition)?.offer(fetched),
      failed: (thrown) => tasks.fail(Failure.of(thrown, 'broker-unreachable')),
    })
    const offsetName = `${group}/${topic}/${partition}`
    const client = this.#options.wrap(simulatedClient(this.#broker, this.#wire, offsetName))
    const commits = new TransactionPort({
      transactionalId: `${group}.${topic}.${partition}`,
      partition,
      client,
      owns: () => membership.owns(partition),
      on: (result) => options.on({ kind: 'transaction', result }),
    })
    const once = {
      fence: (): Promise<number | null> => commits.fence(),
      commit: (messages: readonly Message[], nextOffset: number): Promise<void> => commits.commit(messages, nextOffset),
      close: (): Promise<void> => commits.close(),
    }
    const atLeast = {
      fence: (): Promise<number | null> => client.committed(),
      commit: async (messages: readonly Message[], nextOffset: number): Promise<void> => {
        await this.#append(messages, partition)
        await this.#wire.risk(offsetName, () => this.#broker.commitOffset(offsetName, nextOffset))
      },
      close: async (): Promise<void> => undefined,
    }
    const { fence, commit, close } = options.delivery === 'exactly-once' ? once : atLeast
    return {
      fence,
      commit,
      seek: (offset) => tail.seek(offset),
      pause: () => tail.pause(),
      resume: () => tail.resume(),
      close: async () => {
        tail.pause()
        await close()
      },
    }
  }

  async follow(topic: string, each: (partition: number, records: Records) => void): Promise<Following> {
    const ranges: PartitionRange[] = []
    const partitions = await this.partitions(topic)
    for (let partition = 0; partition < partitions; partition++) ranges.push(await this.range(topic, partition))
    const following = followingOf({ source: this.#source(), scheduler: this.#process, topic, ranges, each })
    const stop = (): Promise<void> => {
      this.#stops.delete(stop)
      return following.stop()
    }
    this.#stops.add(stop)
    return { caughtUp: following.caughtUp, stop }
  }

  publish(messages: readonly Message[]): Promise<readonly Published[]> {
    return this.#append(messages, 0)
  }

  async #append(messages: readonly Message[], keyless: number): Promise<readonly Published[]> {
    return this.#wire.risk('publish', () => {
      const published: Published[] = []
      for (const parcel of parcelsBy(messages, (topic) => this.#broker.partitions(topic), keyless)) {
        const { topic, partition, places } = parcel
        const base = this.#broker.append(topic, partition, parcel.messages, null)
        for (const [i, place] of places.entries()) published[place] = { topic, partition, offset: base + i }
      }
      return published
    })
  }

  async exclusively(id: string, decide: (reader: Reader) => Promise<readonly Message[]>): Promise<void> {
    const client = simulatedClient(this.#broker, this.#wire, id)
    const producer = await client.producer(id)
    await (await producer.begin()).abort()
    const transaction = await producer.begin()
    for (const { topic, partition, messages } of parcelsBy(
      await decide(this),
      (topic) => this.#broker.partitions(topic),
      0,
    )) {
      await transaction.send(topic, partition, messages)
    }
    await transaction.commit()
    // Its markers may not be written yet: what initialises the id waits for them.
    await (await client.producer(id)).begin()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#stops].map((stop) => stop()))
  }

  #source(): TailSource {
    return {
      fetch: (topic, partition, from) =>
        this.#wire.call(async () => {
          const log = this.#broker.log(topic, partition)
          const found = this.#fetch(topic, partition, from, this.#broker.stable(log), this.#options.fetchRecordsMax)
          if (found !== null) return found
          await this.#broker.growth(topic, FETCH_WAIT_MS)
          return this.#fetch(topic, partition, from, this.#broker.stable(log), this.#options.fetchRecordsMax)
        }),
      onGrowth: (_, wake) => this.#process.after(0, wake),
    }
  }

  #fetch(topic: string, partition: number, from: number, end: number, recordsMax: number): Fetched | null {
    if (from >= end) return null
    const log = this.#broker.log(topic, partition)
    const next = Math.min(end, from + recordsMax)
    const offsets: number[] = []
    const messages: Message[] = []
    for (const { message, offset, transaction } of log.slice(from, next)) {
      if (message === null || transaction?.state === 'aborted') continue
      offsets.push(offset)
      messages.push(message)
    }
    const [first] = offsets
    if (first === undefined) return { from, next, bytes: 0, runs: [] }
    const bytes = batchOf(messages, first, { offsets, nextOffset: next })
    return { from, next, bytes: bytes.length, runs: runsOf(batchesIn(bytes, 0, bytes.length), { from, aborted: [] }) }
  }
}
