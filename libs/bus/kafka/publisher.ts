// Publisher: messages outside a task. Owns a producer, made at first use and thrown away at its first failure.
// Invariants
//   P1 all or nothing for each partition: what fits in one request goes in one; what does not goes in a transaction.
//   P2 one publication at a time, so that the order of calls is the order in the log.

import type { Producer } from 'kafkajs'
import type { Message } from '../../core/message.ts'
import type { Published } from '../bus.ts'
import type { Connection } from './connection.ts'
import type { Logs } from './logs.ts'
import { type Request, requestsOf, sendOne } from './send.ts'

export class Publisher {
  readonly #connection: Connection
  readonly #logs: Logs
  #producer: Promise<Producer> | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(connection: Connection, logs: Logs) {
    this.#connection = connection
    this.#logs = logs
  }

  publish(messages: readonly Message[]): Promise<readonly Published[]> {
    const turn = this.#last.then(() => this.#publish(messages))
    this.#last = turn.catch(() => {})
    return turn
  }

  async #publish(messages: readonly Message[]): Promise<readonly Published[]> {
    const published: Published[] = []
    const placed = await this.#logs.placed(messages)
    const { produceBytesMax } = this.#connection.limits
    const requests = requestsOf(placed, produceBytesMax)
    try {
      this.#producer ??= this.#connection.producer(null)
      const producer = await this.#producer
      for (const request of requests) note(published, request, await sendOne(producer, request))
    } catch (thrown) {
      this.#discard()
      const topics = [...new Set(placed.map((message) => message.topic))].join(', ')
      throw this.#connection.failure(thrown, `publishing to ${topics}`)
    }
    return published
  }

  #discard(): void {
    this.#producer?.then((producer) => producer.disconnect()).catch(() => {})
    this.#producer = null
  }

  async close(): Promise<void> {
    await this.#last
    const producer = this.#producer
    this.#producer = null
    await producer?.then((made) => made.disconnect()).catch(() => {})
  }
}

function note(published: Published[], request: Request, first: number): void {
  const { topic, partition } = request
  for (const [i, index] of request.indices.entries()) published[index] = { topic, partition, offset: first + i }
}
