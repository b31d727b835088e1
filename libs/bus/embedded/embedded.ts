// Embedded bus: durable, partitioned topics in one directory, for one machine without a broker. Owns the store; one process
// owns it for writing, any number of others and of worker threads read it.
// Invariants
//   E1 outputs, state and offset of a commit are one LMDB transaction, synced before it is acknowledged (B2).
//   E2 a partition has one committing task in a group: the one that claimed it last (B4).
//   E3 reading takes no transaction for longer than one turn of the event loop; it goes on by offset.

import { Failure } from '../../core/failure.ts'
import type { Message } from '../../core/message.ts'
import { indexAt, type Records, sliceOf } from '../../core/records.ts'
import type { Bus, Following, PartitionRange, Published, Reader, Running, RunOptions, TopicSettings } from '../bus.ts'
import type { Fetched } from '../fetched.ts'
import { followingOf } from '../following.ts'
import { parcelsBy } from '../parcel.ts'
import { batchesIn } from '../record-batch.ts'
import { runsOf } from '../record-reader.ts'
import { type Scheduler, wallScheduler } from '../scheduler.ts'
import { Tail, type TailSource } from '../tail.ts'
import { Tasks } from '../tasks.ts'
import { EmbeddedPort } from './embedded-port.ts'
import { Janitor } from './janitor.ts'
import { Log, type TopicPlace } from './log.ts'
import { Store } from './store.ts'

export interface EmbeddedOptions {
  readonly dir: string
  /** The one process that writes owns; the trainer's thread and other commands read. */
  readonly mode: 'own' | 'read'
}

const CHUNK_BYTES_MAX = 1024 * 1024
const CHUNK_BYTES_MIN = 64 * 1024
/** How often a reader in another thread or process looks for what was appended. */
const POLL_MS = 100
const LAG_MS = 1000

export async function embedded(options: EmbeddedOptions, scheduler: Scheduler = wallScheduler()): Promise<Bus> {
  return new EmbeddedBus(options, scheduler)
}

class EmbeddedBus implements Bus {
  readonly #mode: 'own' | 'read'
  readonly #scheduler: Scheduler
  readonly #store: Store
  readonly #log: Log
  readonly #claims = new Map<string, number>()
  readonly #epochs = new Map<string, number>()
  readonly #waiting = new Map<string, Set<() => void>>()
  readonly #stops = new Set<() => Promise<void>>()
  readonly #runs = new Set<Tasks>()
  readonly #janitor: Janitor | null

  constructor(options: EmbeddedOptions, scheduler: Scheduler) {
    this.#mode = options.mode
    this.#scheduler = scheduler
    this.#store = new Store(options.dir, options.mode)
    this.#log = new Log(this.#store)
    const failed = (thrown: unknown): void => {
      // A log that cannot be tidied cannot be written to either; without a run the next write says so.
      for (const tasks of this.#runs) tasks.fail(Failure.of(thrown, 'log-corrupt'))
    }
    this.#janitor = options.mode === 'own' ? new Janitor(this.#store, this.#log, scheduler, failed) : null
  }

  async partitions(topic: string): Promise<number> {
    this.#store.refresh()
    return this.#log.topic(topic).partitions
  }

  async range(topic: string, partition: number): Promise<PartitionRange> {
    this.#store.refresh()
    return this.#log.range(topic, partition)
  }

  async *read(topic: string, partition: number, from: number, to: number): AsyncGenerator<Records> {
    this.#store.refresh()
    const end = Math.min(to, this.#log.range(topic, partition).next)
    let position = from
    while (position < end) {
      const fetched = this.#fetch(topic, partition, position, end, CHUNK_BYTES_MAX)
      if (fetched === null) return
      for (const run of fetched.runs) {
        if (run.kind === 'records') yield cutAt(run.records, end)
      }
      position = fetched.next
      await this.#scheduler.turn()
      this.#store.refresh()
    }
  }

  async offsetAt(topic: string, partition: number, timeMs: number): Promise<number> {
    this.#store.refresh()
    const { next } = this.#log.range(topic, partition)
    const from = this.#log.batchAt(this.#log.topic(topic), partition, timeMs)
    for await (const records of this.read(topic, partition, from, next)) {
      const index = records.timestampsMs.findIndex((timestampMs) => timestampMs >= timeMs)
      if (index >= 0) return records.offsets[index] ?? next
    }
    return next
  }

  async ensureTopics(topics: readonly TopicSettings[]): Promise<void> {
    for (const { topic, partitions } of topics) {
      const row = this.#store.topics.get(topic)
      if (row === undefined || row.partitions >= partitions) continue
      const found = `topic "${topic}" has ${row.partitions} partitions, not ${partitions}`
      throw new Failure('topic-mismatch', `${found}; give it another name or remove the data directory`)
    }
    await this.#store.write(() => {
      let id = 0
      for (const { value } of this.#store.topics.getRange()) id = Math.max(id, value.id)
      for (const { topic, partitions, cleanup, retentionMs } of topics) {
        const row = this.#store.topics.get(topic) ?? { id: ++id, partitions }
        this.#store.topics.put(topic, { id: row.id, partitions: row.partitions, cleanup, retentionMs })
      }
    })
  }

  async run(options: RunOptions): Promise<Running> {
    const place = this.#log.topic(options.topic)
    const { partitions } = place
    const stop = (): Promise<void> => {
      stopLag()
      this.#stops.delete(stop)
      this.#runs.delete(tasks)
      return tasks.stop()
    }
    const fenced = (partition: number): void => {
      tasks.fail(
        new Failure('fenced', `partition ${partition} of ${options.topic} is run by another task of the group`),
      )
    }
    const tasks = new Tasks(options, this, this.#scheduler, fenced)
    options.on({ kind: 'assigned', partitions: Array.from({ length: partitions }, (_, i) => i) })
    for (let partition = 0; partition < partitions; partition++) {
      tasks.start(partition, this.#port(options, place, partition, tasks))
    }
    this.#runs.add(tasks)
    const stopLag = this.#reportLag(options, tasks)
    this.#stops.add(stop)
    return { stop, ended: tasks.ended }
  }

  #port(options: RunOptions, topic: TopicPlace, partition: number, tasks: Tasks): EmbeddedPort {
    // Two fetches fit into a partition's part of the budget.
    const part = options.bufferedBytesMax / topic.partitions / 2
    const chunkBytes = Math.min(CHUNK_BYTES_MAX, Math.max(CHUNK_BYTES_MIN, part))
    const tail = new Tail({
      source: this.#source(chunkBytes),
      scheduler: this.#scheduler,
      topic: options.topic,
      partition,
      each: (fetched) => tasks.runners.get(partition)?.offer(fetched),
      failed: (thrown) => tasks.fail(Failure.of(thrown, 'log-corrupt')),
    })
    const claims = {
      claim: async (name: string): Promise<number> => {
        const claim = (this.#claims.get(name) ?? 0) + 1
        this.#claims.set(name, claim)
        // Passing through the queue of writes: what an earlier claim had under way is committed or refused before.
        await this.#store.write(() => undefined)
        return claim
      },
      committed: (): number | null => this.#store.groups.get([options.group, topic.id, partition]) ?? null,
      commit: (messages: readonly Message[], nextOffset: number, name: string, claim: number): Promise<void> =>
        this.#commit(messages, partition, () => {
          if (this.#claims.get(name) !== claim) return new Failure('fenced', `another task claimed ${name}`)
          this.#store.groups.put([options.group, topic.id, partition], nextOffset)
          return null
        }).then(() => undefined),
    }
    return new EmbeddedPort(claims, `${options.group}/${options.topic}/${partition}`, tail)
  }

  #reportLag(options: RunOptions, tasks: Tasks): () => void {
    let cancel = (): void => undefined
    const report = (): void => {
      for (const [partition, runner] of tasks.runners) {
        const records = this.#log.range(options.topic, partition).next - runner.position
        options.on({ kind: 'lag', partition, records: Math.max(0, records) })
      }
      cancel = this.#scheduler.after(LAG_MS, report)
    }
    report()
    return () => cancel()
  }

  async follow(topic: string, each: (partition: number, records: Records) => void): Promise<Following> {
    this.#store.refresh()
    const { partitions } = this.#log.topic(topic)
    const ranges = Array.from({ length: partitions }, (_, partition) => this.#log.range(topic, partition))
    return this.#opened(
      followingOf({ source: this.#source(CHUNK_BYTES_MAX), scheduler: this.#scheduler, topic, ranges, each }),
    )
  }

  /** Stops with the bus, if not before. */
  #opened(following: Following): Following {
    const stop = (): Promise<void> => {
      this.#stops.delete(stop)
      return following.stop()
    }
    this.#stops.add(stop)
    return { caughtUp: following.caughtUp, stop }
  }

  publish(messages: readonly Message[]): Promise<readonly Published[]> {
    return this.#commit(messages, 0, () => null)
  }

  async exclusively(id: string, decide: (reader: Reader) => Promise<readonly Message[]>): Promise<void> {
    const epoch = (this.#epochs.get(id) ?? 0) + 1
    this.#epochs.set(id, epoch)
    // What an earlier holder has under way is committed or refused before this one reads.
    await this.#store.write(() => undefined)
    const messages = await decide(this)
    await this.#commit(messages, 0, () =>
      this.#epochs.get(id) === epoch ? null : new Failure('fenced', `another holder of "${id}" came in between`),
    )
  }

  async close(): Promise<void> {
    await Promise.all([...this.#stops].map((stop) => stop()))
    await this.#janitor?.stop()
    await this.#store.close()
  }

  /** Appends all messages and what `also` writes in one transaction, unless `also` refuses. */
  async #commit(
    messages: readonly Message[],
    keyless: number,
    also: () => Failure | null,
  ): Promise<readonly Published[]> {
    const parcels = parcelsBy(messages, (topic) => this.#log.topic(topic).partitions, keyless)
    const nowMs = this.#scheduler.nowMs()
    const published: Published[] = []
    const appendings = parcels.map(({ topic, partition, messages, places }) => {
      const appending = this.#log.append(topic, partition, messages, nowMs)
      for (const [i, place] of places.entries()) {
        published[place] = { topic, partition, offset: appending.baseOffset + i }
      }
      return appending
    })
    let refusal: Failure | null = null
    await this.#store.write(() => {
      refusal = also()
      if (refusal === null) for (const appending of appendings) appending.write()
    })
    if (refusal !== null) throw refusal
    for (const { topic } of parcels) this.#grown(topic)
    return published
  }

  #grown(topic: string): void {
    const waiting = this.#waiting.get(topic)
    if (waiting === undefined) return
    this.#waiting.delete(topic)
    for (const wake of waiting) wake()
  }

  #source(chunkBytes: number): TailSource {
    return {
      fetch: (topic, partition, from) => {
        this.#store.refresh()
        return this.#fetch(topic, partition, from, this.#log.range(topic, partition).next, chunkBytes)
      },
      onGrowth: (topic, wake) => {
        if (this.#mode === 'read') return this.#scheduler.after(POLL_MS, wake)
        const waiting = this.#waiting.get(topic) ?? new Set()
        this.#waiting.set(topic, waiting)
        waiting.add(wake)
        return () => waiting.delete(wake)
      },
    }
  }

  #fetch(topic: string, partition: number, from: number, end: number, bytesMax: number): Fetched | null {
    if (from >= end) return null
    const chunk = this.#log.chunk(this.#log.topic(topic), partition, from, end, bytesMax)
    // Compaction may have removed all that was left up to the end.
    if (chunk === null) return { from, next: end, bytes: 0, runs: [] }
    const batches = batchesIn(chunk.bytes, 0, chunk.bytes.length)
    return { from, next: chunk.next, bytes: chunk.bytes.length, runs: runsOf(batches, { from, aborted: [] }) }
  }
}

function cutAt(records: Records, end: number): Records {
  if (records.nextOffset <= end) return records
  return { ...sliceOf(records, 0, indexAt(records, end)), nextOffset: end }
}
