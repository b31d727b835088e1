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
import { partitionOf } from './murmur2.ts'

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

/** Messages of one topic partition, in the order given. */
export interface Parcel {
  readonly topic: string
  readonly partition: number
  readonly messages: Message[]
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
    const parcels = await parcelsOf(messages, this.#spec.client, this.#spec.partition)
    let transaction: Transaction | null = null
    let ending = false
    try {
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

/** Messages by topic partition; one without a key or partition goes where its input came from. */
export async function parcelsOf(
  messages: readonly Message[],
  client: Pick<TransactionClient, 'partitions'>,
  keyless: number,
): Promise<Parcel[]> {
  const parcels = new Map<string, Parcel>()
  for (const message of messages) {
    const partition = message.partition ?? (await placeOf(message, client, keyless))
    const name = `${message.topic}\0${partition}`
    const parcel = parcels.get(name) ?? { topic: message.topic, partition, messages: [] }
    parcels.set(name, parcel)
    parcel.messages.push(message)
  }
  return [...parcels.values()]
}

async function placeOf(
  message: Message,
  client: Pick<TransactionClient, 'partitions'>,
  keyless: number,
): Promise<number> {
  const partitions = await client.partitions(message.topic)
  return message.key === null ? keyless % partitions : partitionOf(message.key, partitions)
}
