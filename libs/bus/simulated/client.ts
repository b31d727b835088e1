// Client: what the transaction port needs, over the model of a broker, behaving as kafkajs does: connecting fences nobody,
// the first transaction does; an abort of a transaction that sent nothing tells the broker nothing.

import type { Message } from '../../core/message.ts'
import type { Transaction, TransactionClient, TransactionProducer } from '../transaction-port.ts'
import type { Broker, Session } from './broker.ts'
import type { Wire } from './wire.ts'

export function simulatedClient(broker: Broker, wire: Wire, offsetName: string): TransactionClient {
  return {
    producer: async (transactionalId) => new SimulatedProducer(broker, wire, transactionalId, offsetName),
    committed: () => wire.call(() => broker.offsets.get(offsetName) ?? null),
    partitions: (topic) => wire.call(() => broker.partitions(topic)),
  }
}

class SimulatedProducer implements TransactionProducer {
  readonly #broker: Broker
  readonly #wire: Wire
  readonly #id: string
  readonly #offsetName: string
  #session: Session | null = null

  constructor(broker: Broker, wire: Wire, id: string, offsetName: string) {
    this.#broker = broker
    this.#wire = wire
    this.#id = id
    this.#offsetName = offsetName
  }

  async begin(): Promise<Transaction> {
    this.#session ??= await this.#wire.risk(this.#id, () => this.#broker.initialise(this.#id))
    return this.#transaction(this.#session)
  }

  #transaction(session: Session): Transaction {
    const broker = this.#broker
    const wire = this.#wire
    const name = this.#offsetName
    let used = false
    const risk = <T>(work: () => T | Promise<T>): Promise<T> => {
      used = true
      return wire.risk(session.id, work)
    }
    return {
      send: (topic: string, partition: number, messages: readonly Message[]) =>
        risk(() => broker.send(session, topic, partition, messages)),
      sendOffset: (nextOffset) => risk(() => broker.sendOffset(session, name, nextOffset)),
      commit: () => risk(() => broker.end(session, 'committed')),
      abort: () => (used ? risk(() => broker.end(session, 'aborted')) : Promise.resolve()),
    }
  }

  async discard(): Promise<void> {
    this.#session = null
  }
}
