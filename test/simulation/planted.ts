// Planted bugs of the commit scheme, each put between the transaction port and the client: what the simulator must find.

import type { Transaction, TransactionClient, TransactionProducer } from '../../libs/bus/transaction-port.ts'
import type { Message } from '../../libs/core/message.ts'

export type Wrap = (client: TransactionClient) => TransactionClient

const nothing: Transaction = {
  send: async () => undefined,
  sendOffset: async () => undefined,
  commit: async () => undefined,
  abort: async () => undefined,
}

/** `connect()` is taken for a fence: the first transaction, which would fence, is not begun. */
export const connectForFence: Wrap = (client) => ({
  ...client,
  producer: async (id) => {
    const producer = await client.producer(id)
    let first = true
    return {
      begin: async () => {
        if (!first) return await producer.begin()
        first = false
        return nothing
      },
      discard: () => producer.discard(),
    }
  },
})

/** Every producer has an id of its own, so none fences another. */
export function noFence(): Wrap {
  let count = 0
  return (client) => ({ ...client, producer: (id) => client.producer(`${id}-${count++}`) })
}

/** The offset is read before the former owner is fenced off. */
export const offsetBeforeFence: Wrap = (client) => {
  let read: number | null = null
  return {
    ...client,
    producer: async (id) => {
      read = await client.committed()
      return await client.producer(id)
    },
    committed: async () => read,
  }
}

/** The offset is committed first, the outputs afterwards in a transaction of their own. */
export const offsetBeforeOutput: Wrap = (client) => ({
  ...client,
  producer: async (id) => {
    const producer = await client.producer(id)
    return { begin: () => reordered(producer), discard: () => producer.discard() }
  },
})

async function reordered(producer: TransactionProducer): Promise<Transaction> {
  const first = await producer.begin()
  const held: { readonly topic: string; readonly partition: number; readonly messages: readonly Message[] }[] = []
  return {
    send: async (topic, partition, messages) => {
      held.push({ topic, partition, messages })
    },
    sendOffset: (nextOffset) => first.sendOffset(nextOffset),
    abort: () => first.abort(),
    commit: async () => {
      await first.commit()
      const second = await producer.begin()
      for (const { topic, partition, messages } of held) await second.send(topic, partition, messages)
      await second.commit()
    },
  }
}

/** After a commit of unknown outcome it goes on with the same producer and epoch. */
export const noNewEpoch: Wrap = (client) => {
  let kept: TransactionProducer | null = null
  return {
    ...client,
    producer: async (id) => {
      if (kept !== null) return { ...resumed(kept), discard: async () => undefined }
      const producer = await client.producer(id)
      kept = { begin: () => producer.begin(), discard: async () => undefined }
      return kept
    },
  }
}

/** The first transaction of a producer that was kept fences nobody. */
function resumed(producer: TransactionProducer): Pick<TransactionProducer, 'begin'> {
  let first = true
  return {
    begin: async () => {
      if (!first) return await producer.begin()
      first = false
      return nothing
    },
  }
}
