// Writer: the transactional producer of one owner, by its transactional id. Owns the producer, from fencing to discarding.
// Invariants
//   T1 fencing comes before anything is read: it ends what a former owner of the id has left open, and whoever holds it
//      still can commit no more.
//   T2 a writer is good until its first failure; after one it answers 'stopped' to everything. A rejected send leaves
//      kafkajs with a sequence number it uses twice; a rejected end of transaction leaves it stuck for good.
//   T3 sends come before offsets (kafkajs repeats what may fail at first only in a send), and one commit at a time.
//   T4 a commit that has not ended before its deadline has an unknown outcome, since the broker may still end it.

import type { Producer, Transaction } from 'kafkajs'
import { Failure } from '../../core/failure.ts'
import type { Message } from '../../core/message.ts'
import type { Connection } from './connection.ts'
import { parcelsOf, sendParcel } from './send.ts'
import type { Written } from './settled.ts'

export interface Offsets {
  readonly group: string
  readonly topic: string
  readonly partition: number
  /** The next offset to be read. */
  readonly offset: number
}

export class Writer {
  readonly id: string
  readonly #connection: Connection
  readonly #producer: Producer
  #broken = false
  #written: Written[] = []

  private constructor(connection: Connection, id: string, producer: Producer) {
    this.#connection = connection
    this.id = id
    this.#producer = producer
  }

  /** Makes this process the owner of `id`. kafkajs fences at the first transaction, not when it connects. */
  static async fence(connection: Connection, id: string): Promise<Writer> {
    const producer = await connection.producer(id)
    try {
      const empty = await producer.transaction()
      await empty.abort()
      return new Writer(connection, id, producer)
    } catch (thrown) {
      producer.disconnect().catch(() => {})
      throw connection.failure(thrown, `fencing with the transactional id ${id}`)
    }
  }

  /**
   * Makes messages, and offsets where given, visible together. A Failure 'fenced' or 'commit-unknown' says so; with any
   * other nothing was committed.
   */
  async commit(messages: readonly Message[], offsets: Offsets | null): Promise<void> {
    if (this.#broken) throw new Failure('stopped', `the writer ${this.id} has failed before and was discarded`)
    const { commitTimeoutMs } = this.#connection.limits
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<never>((_, reject) => {
      const late = `a transaction of ${this.id} did not end within ${commitTimeoutMs} ms; it is begun anew`
      timer = setTimeout(() => reject(new Failure('commit-unknown', late)), commitTimeoutMs)
    })
    try {
      await Promise.race([this.#transact(messages, offsets), deadline])
    } catch (failure) {
      this.discard()
      throw failure
    } finally {
      clearTimeout(timer)
    }
  }

  async #transact(messages: readonly Message[], offsets: Offsets | null): Promise<void> {
    const doing = `committing with the transactional id ${this.id}`
    let transaction: Transaction | null = null
    try {
      transaction = await this.#producer.transaction()
      const parcels = parcelsOf(messages, unplaced, this.#connection.limits.produceBytesMax)
      this.#written = []
      for (const parcel of parcels) {
        const { topic, partition, messages } = parcel
        const first = await sendParcel(transaction, parcel)
        this.#written.push({ topic, partition, lastOffset: first + messages.length - 1 })
      }
      if (offsets !== null) await transaction.sendOffsets(groupOffsets(offsets))
    } catch (thrown) {
      // Without it the broker would hold up readers until the next owner fences; it may fail, and proves nothing.
      transaction?.abort().catch(() => {})
      throw notCommitted(this.#connection.failure(thrown, doing))
    }
    if (this.#broken) throw new Failure('stopped', `${doing}: it was given up meanwhile`)
    try {
      await transaction.commit()
    } catch (thrown) {
      const failure = this.#connection.failure(thrown, doing)
      if (failure.code === 'fenced') throw failure
      throw new Failure('commit-unknown', `${failure.message}; whether it was committed is read back`, thrown)
    }
  }

  /** Where the last transaction wrote. */
  get written(): readonly Written[] {
    return this.#written
  }

  /** Ends the use of this writer at once; what it has left open is aborted by the next owner's fence. */
  discard(): void {
    this.#broken = true
    this.#producer.disconnect().catch(() => {})
  }

  async close(): Promise<void> {
    this.#broken = true
    await this.#producer.disconnect().catch(() => {})
  }
}

/** A failure before the end of a transaction was asked for cannot have committed it. */
function notCommitted(failure: Failure): Failure {
  return failure.code === 'commit-unknown' ? new Failure('timeout', failure.message, failure) : failure
}

function unplaced(message: Message): number {
  throw new Failure('topic-mismatch', `a message for ${message.topic} was committed without a partition`)
}

function groupOffsets({ group, topic, partition, offset }: Offsets): Parameters<Transaction['sendOffsets']>[0] & {
  consumerGroupId: string
} {
  return { consumerGroupId: group, topics: [{ topic, partitions: [{ partition, offset: String(offset) }] }] }
}
