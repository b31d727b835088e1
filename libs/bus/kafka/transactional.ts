// Transactional: a producer by its transactional id, and its transactions, as kafkajs gives them. Owns the producer, from
// connecting to discarding. Who fences and when, and what follows a failure, is decided by those who use it.
// Invariants
//   T1 every call of a transaction ends before the transaction's deadline: past it the broker would abort it anyway, while
//      kafkajs may go on asking for minutes.
//   T2 what the broker may have done is never called a refusal: an end of a transaction that was not confirmed is
//      'commit-unknown', unless the answer was that somebody else is the owner.

import { setTimeout as wait } from 'node:timers/promises'
import type { Transaction as KafkaTransaction, Producer } from 'kafkajs'
import { Failure } from '../../core/failure.ts'
import type { Message } from '../../core/message.ts'
import type { Transaction, TransactionProducer } from '../transaction-port.ts'
import type { Connection } from './connection.ts'
import { refusedForNow } from './failure.ts'
import { requestsOf, sendOne } from './send.ts'
import type { Written } from './settled.ts'

/** The input partition whose offset a transaction moves. */
export interface InputPartition {
  readonly group: string
  readonly topic: string
  readonly partition: number
}

const askMsMin = 10
const askMsMax = 500
/** An abort is a courtesy to readers; the next owner's fence does the same. */
const abortMsMax = 1_000

export class TransactionalProducer implements TransactionProducer {
  readonly id: string
  readonly #connection: Connection
  readonly #producer: Producer
  readonly #input: InputPartition | null
  #written: Written[] = []

  private constructor(connection: Connection, id: string, producer: Producer, input: InputPartition | null) {
    this.#connection = connection
    this.id = id
    this.#producer = producer
    this.#input = input
  }

  /** Fences nobody yet: kafkajs asks for an epoch at the first transaction. */
  static async connect(
    connection: Connection,
    id: string,
    input: InputPartition | null,
  ): Promise<TransactionalProducer> {
    return new TransactionalProducer(connection, id, await connection.producer(id), input)
  }

  /** Where the last transaction wrote. */
  get written(): readonly Written[] {
    return this.#written
  }

  async begin(): Promise<Transaction> {
    const doing = `beginning a transaction of ${this.id}`
    const { commitTimeoutMs } = this.#connection.limits
    const deadline = new Deadline(commitTimeoutMs)
    try {
      const transaction = await deadline.within(this.#producer.transaction())
      this.#written = []
      return this.#transaction(transaction, deadline)
    } catch (thrown) {
      throw this.#connection.failure(thrown, doing)
    }
  }

  #transaction(transaction: KafkaTransaction, deadline: Deadline): Transaction {
    const failed = (thrown: unknown, doing: string): Failure =>
      this.#connection.failure(thrown, `${doing} in a transaction of ${this.id}`)
    return {
      send: async (topic, partition, messages) => {
        try {
          await deadline.within(this.#send(transaction, topic, partition, messages))
        } catch (thrown) {
          throw failed(thrown, `sending to ${topic}/${partition}`)
        }
      },
      sendOffset: async (nextOffset) => {
        if (this.#input === null) throw new Failure('stopped', `${this.id} has no input partition`)
        const { group, topic, partition } = this.#input
        const topics = [{ topic, partitions: [{ partition, offset: String(nextOffset) }] }]
        try {
          // kafkajs' types leave the group out.
          const offsets: OffsetsOfGroup = { consumerGroupId: group, topics }
          await deadline.within(untilTaken(() => transaction.sendOffsets(offsets)))
        } catch (thrown) {
          throw failed(thrown, `moving the offset of ${topic}/${partition}`)
        }
      },
      commit: async () => {
        try {
          await deadline.within(transaction.commit())
        } catch (thrown) {
          const failure = failed(thrown, 'committing')
          if (failure.code === 'fenced') throw failure
          throw new Failure('commit-unknown', `${failure.message}; whether it was committed is read back`, thrown)
        }
      },
      abort: async () => {
        const aborting = transaction.abort().catch((thrown: unknown) => {
          throw failed(thrown, 'aborting')
        })
        await Promise.race([aborting, wait(abortMsMax, undefined, { ref: false })])
      },
    }
  }

  async #send(
    transaction: KafkaTransaction,
    topic: string,
    partition: number,
    messages: readonly Message[],
  ): Promise<void> {
    const placed = messages.map((message) => ({ ...message, partition }))
    for (const request of requestsOf(placed, this.#connection.limits.produceBytesMax)) {
      const first = await sendOne(transaction, request)
      this.#written.push({ topic, partition, lastOffset: first + request.messages.length - 1 })
    }
  }

  async discard(): Promise<void> {
    await this.#producer.disconnect().catch(() => {})
  }
}

/** While the last transaction is being ended the broker refuses the next; kafkajs asks again for sends only. */
async function untilTaken(ask: () => Promise<void>): Promise<void> {
  for (let askMs = askMsMin; ; askMs = Math.min(2 * askMs, askMsMax)) {
    try {
      await ask()
      return
    } catch (thrown) {
      if (!refusedForNow(thrown)) throw thrown
      await wait(askMs)
    }
  }
}

type OffsetsOfGroup = Parameters<KafkaTransaction['sendOffsets']>[0] & { consumerGroupId: string }

class Deadline {
  readonly #ms: number
  readonly #passed: Promise<never>

  constructor(ms: number) {
    this.#ms = ms
    this.#passed = wait(ms, undefined, { ref: false }).then(() => {
      throw new Failure('timeout', `a transaction did not end within ${this.#ms} ms`)
    })
    this.#passed.catch(() => {})
  }

  within<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {})
    return Promise.race([work, this.#passed])
  }
}
