// Transaction port: Kafka's exactly-once commit for one input partition, over the few calls that it needs of a client; the
// kafka adapter gives it kafkajs, the simulated bus its model of a broker, so that what is simulated is what runs.
// Owns the producer of its transactional id.
// Invariants
//   T1 fence first, read the offset second: only the first transaction of a new producer fences (connecting does not), and an
//      offset read before it may still be moved by the former owner, or lack a commit whose markers are not written yet.
//   T2 outputs are sent before the offset; the offset only while the partition is still ours.
//   T3 after anything but a confirmed commit the producer is thrown away: the sequence of a rejected send would be used
//      again, and a transaction begun on the epoch of an indefinite commit may be torn by the delayed request.
//   T4 one partition a send: a send over several can lose one silently when a leader moves.

import { Failure } from '../core/failure.ts'
import type { Message } from '../core/message.ts'
import { type Parcel, parcelsBy } from './parcel.ts'

/** Every call rejects with a Failure; `fenced` where the epoch is old. */
export interface TransactionClient {
  /** A connected producer of this id. It fences nobody before its first `begin`. */
  producer(transactionalId: string): Promise<TransactionProducer>
  /** The group's committed offset of the input partition, or null. */
  committed(): Promise<number | null>
  partitions(topic: string): Promise<number>
}

export interface TransactionProducer {
  begin(): Promise<Transaction>
  /** Never rejects. */
  discard(): Promise<void>
}

export interface Transaction {
  /** Resolves only when the log has acknowledged every message. */
  send(topic: string, partition: number, messages: readonly Message[]): Promise<void>
  sendOffset(nextOffset: number): Promise<void>
  commit(): Promise<void>
  abort(): Promise<void>
}

export interface TransactionPortSpec {
  readonly transactionalId: string
  readonly partition: number
  readonly client: TransactionClient
  /** Whether the group still gives us the partition. */
  readonly owns: () => boolean
  readonly on: (result: 'committed' | 'aborted' | 'fenced' | 'indefinite') => void
}

export class TransactionPort {
  readonly #spec: TransactionPortSpec
  #producer: TransactionProducer | null = null

  constructor(spec: TransactionPortSpec) {
    this.#spec = spec
  }

  async fence(): Promise<number | null> {
    await this.close()
    this.#producer = await this.#spec.client.producer(this.#spec.transactionalId)
    const empty = await this.#producer.begin()
    await empty.abort()
    return await this.#spec.client.committed()
  }

  async commit(messages: readonly Message[], nextOffset: number): Promise<void> {
    const producer = this.#producer
    if (producer === null) throw new Failure('commit-unknown', 'no producer: the partition must be fenced first')
    let transaction: Transaction | null = null
    let ending = false
    try {
      const parcels = await parcelsOf(messages, this.#spec.client, this.#spec.partition)
      transaction = await producer.begin()
      for (const { topic, partition, messages } of parcels) await transaction.send(topic, partition, messages)
      await transaction.sendOffset(nextOffset)
      if (!this.#spec.owns()) throw new Failure('fenced', `partition ${this.#spec.partition} is not ours any more`)
      ending = true
      await transaction.commit()
      this.#spec.on('committed')
    } catch (thrown) {
      if (!ending) await transaction?.abort().catch(() => undefined)
      await this.close()
      const failure = Failure.of(thrown, ending ? 'commit-unknown' : 'broker-unreachable')
      this.#spec.on(failure.code === 'fenced' ? 'fenced' : ending ? 'indefinite' : 'aborted')
      throw failure
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = null
    await producer?.discard()
  }
}

/** Messages by topic partition; asks the client how many partitions a topic has where a message does not name its own. */
export async function parcelsOf(
  messages: readonly Message[],
  client: Pick<TransactionClient, 'partitions'>,
  keyless: number,
): Promise<Parcel[]> {
  const partitions = new Map<string, number>()
  for (const { topic, partition } of messages) {
    if (partition === null && !partitions.has(topic)) partitions.set(topic, await client.partitions(topic))
  }
  return parcelsBy(messages, (topic) => partitions.get(topic) ?? 1, keyless)
}
