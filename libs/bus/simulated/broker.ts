// Broker: Kafka's rules as a model: partitions of a log, transactions with producer epochs, committed offsets. Owns all of
// it. There is no replication and one coordinator.
// Invariants (Kafka's, as measured against a real one)
//   M1 initialising a transactional id raises its epoch and ends what the former holder left open, before it answers.
//   M2 a request under an old epoch is refused as fenced. Nothing else ties a transaction to the group that reads: no
//      generation is checked, and the offsets that a pending transaction carries do not hide the committed ones.
//   M3 the end of a transaction is answered before its markers are written: for a while its records and its offset are not
//      visible, and the next transaction of the id waits.
//   M4 a reader of committed records sees nothing behind the first open transaction.
//   M5 a transaction left open is aborted after its timeout.

import { Failure } from '../../core/failure.ts'
import type { Message } from '../../core/message.ts'
import type { TopicSettings } from '../bus.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface Entry {
  readonly offset: number
  /** null for a marker. */
  readonly message: Message | null
  readonly transaction: Transaction | null
}

export interface Transaction {
  readonly id: string
  readonly epoch: number
  state: 'open' | 'ending' | 'committed' | 'aborted'
  readonly partitions: Set<Entry[]>
  readonly topics: Set<string>
  /** What it wrote, in order. */
  readonly entries: Entry[]
  readonly offsets: { readonly name: string; readonly offset: number }[]
}

/** A producer's hold of a transactional id. */
export interface Session {
  readonly id: string
  readonly epoch: number
}

interface Holder {
  epoch: number
  transaction: Transaction | null
  /** Resolves when the transaction that is ending has its markers. */
  ended: Promise<void>
}

interface Topic {
  readonly settings: TopicSettings
  readonly logs: Entry[][]
}

const MARKERS_MS_MAX = 30
const TRANSACTION_MS_MAX = 60_000

export class Broker {
  readonly topics = new Map<string, Topic>()
  readonly offsets = new Map<string, number>()
  /** Told of every committed offset the moment that it becomes visible. */
  onOffset: (name: string, offset: number, transaction: Transaction | null) => void = () => undefined
  readonly #time: VirtualTime
  readonly #holders = new Map<string, Holder>()
  readonly #waiting = new Map<string, (() => void)[]>()

  constructor(time: VirtualTime) {
    this.#time = time
  }

  create(topics: readonly TopicSettings[]): void {
    for (const settings of topics) {
      const known = this.topics.get(settings.topic)
      if (known !== undefined && known.logs.length < settings.partitions) {
        throw new Failure('topic-mismatch', `topic "${settings.topic}" has ${known.logs.length} partitions`)
      }
      if (known !== undefined) continue
      this.topics.set(settings.topic, { settings, logs: Array.from({ length: settings.partitions }, () => []) })
    }
  }

  partitions(topic: string): number {
    return this.#topic(topic).logs.length
  }

  log(topic: string, partition: number): Entry[] {
    const log = this.#topic(topic).logs[partition]
    if (log === undefined) throw new Failure('topic-mismatch', `topic "${topic}" has no partition ${partition}`)
    return log
  }

  #topic(name: string): Topic {
    const topic = this.topics.get(name)
    if (topic === undefined) throw new Failure('topic-missing', `topic "${name}" does not exist`)
    return topic
  }

  /** The offset after the last record that a reader of committed records can see. */
  stable(log: readonly Entry[]): number {
    for (const { offset, transaction } of log) {
      if (transaction !== null && (transaction.state === 'open' || transaction.state === 'ending')) return offset
    }
    return log.length
  }

  append(topic: string, partition: number, messages: readonly Message[], transaction: Transaction | null): number {
    const log = this.log(topic, partition)
    const base = log.length
    for (const message of messages) {
      const entry = { offset: log.length, message, transaction }
      log.push(entry)
      transaction?.entries.push(entry)
    }
    transaction?.partitions.add(log)
    transaction?.topics.add(topic)
    if (transaction === null) this.#grown(topic)
    return base
  }

  async initialise(id: string): Promise<Session> {
    const holder = this.#holders.get(id) ?? { epoch: -1, transaction: null, ended: Promise.resolve() }
    this.#holders.set(id, holder)
    const epoch = ++holder.epoch
    if (holder.transaction?.state === 'open') this.#end(holder, holder.transaction, 'aborted')
    await holder.ended
    if (holder.epoch !== epoch) throw fenced(id)
    return { id, epoch }
  }

  async send(session: Session, topic: string, partition: number, messages: readonly Message[]): Promise<void> {
    this.append(topic, partition, messages, await this.#open(session))
  }

  async sendOffset(session: Session, name: string, offset: number): Promise<void> {
    const transaction = await this.#open(session)
    transaction.offsets.push({ name, offset })
  }

  /** Ends whatever transaction is open under this epoch, be it the one that was meant or a later one. */
  end(session: Session, result: 'committed' | 'aborted'): void {
    const holder = this.#held(session)
    if (holder.transaction?.state === 'open') this.#end(holder, holder.transaction, result)
  }

  commitOffset(name: string, offset: number): void {
    this.offsets.set(name, offset)
    this.onOffset(name, offset, null)
  }

  /** Resolves when the topic has grown, or after `ms`. */
  growth(topic: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#time.after(ms, resolve)
      const waiting = this.#waiting.get(topic) ?? []
      this.#waiting.set(topic, waiting)
      waiting.push(() => {
        cancel()
        resolve()
      })
    })
  }

  #grown(topic: string): void {
    for (const wake of this.#waiting.get(topic)?.splice(0) ?? []) wake()
  }

  #held(session: Session): Holder {
    const holder = this.#holders.get(session.id)
    if (holder === undefined || holder.epoch !== session.epoch) throw fenced(session.id)
    return holder
  }

  async #open(session: Session): Promise<Transaction> {
    await this.#held(session).ended
    const holder = this.#held(session)
    if (holder.transaction !== null) return holder.transaction
    const { id, epoch } = session
    const transaction: Transaction = {
      id,
      epoch,
      state: 'open',
      partitions: new Set(),
      topics: new Set(),
      entries: [],
      offsets: [],
    }
    holder.transaction = transaction
    this.#time.after(TRANSACTION_MS_MAX, () => {
      if (transaction.state !== 'open') return
      holder.epoch++
      this.#end(holder, transaction, 'aborted')
    })
    return transaction
  }

  #end(holder: Holder, transaction: Transaction, result: 'committed' | 'aborted'): void {
    transaction.state = 'ending'
    holder.ended = new Promise((resolve) => {
      this.#time.after(this.#time.random.uniform() * MARKERS_MS_MAX, () => {
        transaction.state = result
        holder.transaction = null
        for (const log of transaction.partitions) log.push({ offset: log.length, message: null, transaction })
        for (const { name, offset } of transaction.offsets) {
          if (result === 'aborted') continue
          this.offsets.set(name, offset)
          this.onOffset(name, offset, transaction)
        }
        for (const topic of transaction.topics) this.#grown(topic)
        resolve()
      })
    })
  }
}

function fenced(id: string): Failure {
  return new Failure('fenced', `the epoch of ${id} is old`)
}
