// Exclusively: compare-and-set by a transactional id. Fencing takes the id over, so whoever decides on what it then reads
// either publishes all of it, or is told that another came in between. Owns nothing beyond the call.

import type { Message } from '../../core/message.ts'
import type { Reader } from '../bus.ts'
import type { Connection } from './connection.ts'
import type { Logs } from './logs.ts'
import { requestsOf } from './send.ts'
import { settled } from './settled.ts'
import { TransactionalProducer } from './transactional.ts'

export async function exclusively(
  connection: Connection,
  logs: Logs,
  id: string,
  decide: (reader: Reader) => Promise<readonly Message[]>,
): Promise<void> {
  const producer = await TransactionalProducer.connect(connection, id, null)
  try {
    const empty = await producer.begin()
    await empty.abort()
    const messages = await decide(logs)
    if (messages.length === 0) return
    const requests = requestsOf(await logs.placed(messages), connection.limits.produceBytesMax)
    const transaction = await producer.begin()
    try {
      for (const { topic, partition, messages } of requests) await transaction.send(topic, partition, messages)
    } catch (thrown) {
      await transaction.abort().catch(() => {})
      throw thrown
    }
    await transaction.commit()
    await settled(logs, producer.written)
  } finally {
    await producer.discard()
  }
}
