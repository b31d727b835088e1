// Publisher: messages outside a task. Owns two producers, made at first use and thrown away at their first failure.
// Invariants
//   P1 all or nothing for each partition: what fits in one request goes in one; where something does not, all of it goes
//      in a transaction.
//   P2 one publication at a time, so that the order of calls is the order in the log.

import type { Producer } from 'kafkajs'
import type { Message } from '../../core/message.ts'
import type { Published } from '../bus.ts'
import type { Connection } from './connection.ts'
import type { Logs } from './logs.ts'
import { type Request, requestsOf, sendOne } from './send.ts'
import { settled } from './settled.ts'
import { TransactionalProducer } from './transactional.ts'

export class Publisher {
  readonly #connection: Connection
  readonly #logs: Logs
  readonly #transactionalId: string
  #plain: Promise<Producer> | null = null
  #transactional: Promise<TransactionalProducer> | null = null
  #last: Promise<unknown> = Promise.resolve()

  /** `transactionalId` must be this publisher's alone: whoever uses it too is fenced. */
  constructor(connection: Connection, logs: Logs, transactionalId: string) {
    this.#connection = connection
    this.#logs = logs
    this.#transactionalId = transactionalId
  }

  publish(messages: readonly Message[]): Promise<readonly Published[]> {
    const turn = this.#last.then(() => this.#publish(messages))
    this.#last = turn.catch(() => {})
    return turn
  }

  async #publish(messages: readonly Message[]): Promise<readonly Published[]> {
    const published: Published[] = []
    const placed = await this.#logs.placed(messages)
    const requests = requestsOf(placed, this.#connection.limits.produceBytesMax)
    const places = new Set(requests.map(({ topic, partition }) => `${partition}/${topic}`))
    try {
      if (requests.length > places.size) await this.#together(requests, published)
      else await this.#each(requests, published)
    } catch (thrown) {
      await this.#discard()
      const topics = [...new Set(placed.map((message) => message.topic))].join(', ')
      throw this.#connection.failure(thrown, `publishing to ${topics}`)
    }
    return published
  }

  async #each(requests: readonly Request[], published: Published[]): Promise<void> {
    this.#plain ??= this.#connection.producer(null)
    const producer = await this.#plain
    for (const request of requests) note(published, request, await sendOne(producer, request))
  }

  async #together(requests: readonly Request[], published: Published[]): Promise<void> {
    this.#transactional ??= TransactionalProducer.connect(this.#connection, this.#transactionalId, null)
    const producer = await this.#transactional
    const transaction = await producer.begin()
    try {
      for (const { topic, partition, messages } of requests) await transaction.send(topic, partition, messages)
    } catch (thrown) {
      // Left open it would hide what others write behind it, until the broker's patience ends.
      await transaction.abort().catch(() => {})
      throw thrown
    }
    for (const [i, request] of requests.entries()) {
      const last = producer.written[i]?.lastOffset ?? Number.NaN
      note(published, request, last - request.messages.length + 1)
    }
    await transaction.commit()
    await settled(this.#logs, producer.written)
  }

  async #discard(): Promise<void> {
    const [plain, transactional] = [this.#plain, this.#transactional]
    this.#plain = null
    this.#transactional = null
    await plain?.then((producer) => producer.disconnect()).catch(() => {})
    await transactional?.then((producer) => producer.discard()).catch(() => {})
  }

  async close(): Promise<void> {
    await this.#last
    await this.#discard()
  }
}

function note(published: Published[], request: Request, first: number): void {
  const { topic, partition } = request
  for (const [i, index] of request.indices.entries()) published[index] = { topic, partition, offset: first + i }
}
