// Port: what the loop of one partition needs of Kafka: its producer, its committed offset, its place in the consumer. The
// order of an exactly-once commit is the transaction port's; here are the calls it is made of, and the at-least-once way.
// Invariants
//   O1 at most one producer is open for a partition: a newer one puts the older away, also one that comes late.
//   O2 the committed offset is held against what the log still has before a task is built on it.

import type { Admin, Consumer, Producer } from 'kafkajs'
import { Failure } from '../../core/failure.ts'
import type { Message } from '../../core/message.ts'
import type { RunOptions } from '../bus.ts'
import type { Port } from '../port.ts'
import { TransactionPort } from '../transaction-port.ts'
import { committedOffset, heldOffset, type OffsetLost } from './committed.ts'
import type { Connection } from './connection.ts'
import type { Logs } from './logs.ts'
import { requestsOf, sendOne } from './send.ts'
import { settled } from './settled.ts'
import { TransactionalProducer } from './transactional.ts'

export interface PortSpec {
  readonly connection: Connection
  readonly logs: Logs
  readonly options: RunOptions
  readonly offsetLost: OffsetLost
  readonly partition: number
  readonly admin: () => Promise<Admin>
  /** The consumer as it is now; null while this partition is not ours, or there is none. */
  readonly consumer: () => Consumer | null
  /** Told what no repetition changes: a missing permission, a setting. */
  readonly refused: (failure: Failure) => void
  /** Told where fetching goes on, so that what comes from elsewhere is not taken for it. */
  readonly sought: (offset: number) => void
}

type Committing = Pick<Port, 'fence' | 'commit' | 'close'>

export function kafkaPort(spec: PortSpec): Port {
  const { topic } = spec.options
  const { partition } = spec
  const committing = spec.options.delivery === 'exactly-once' ? exactlyOnce(spec) : atLeastOnce(spec)
  const ask = (question: (consumer: Consumer) => void): void => {
    const consumer = spec.consumer()
    if (consumer === null) return
    try {
      question(consumer)
    } catch {
      // kafkajs refuses between a crash and the join that follows it, and then everything is asked again.
    }
  }
  const telling = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (thrown) {
      if (thrown instanceof Failure && thrown.code === 'broker-refused') spec.refused(thrown)
      throw thrown
    }
  }
  return {
    fence: () => telling(committing.fence()),
    commit: (messages, nextOffset) => telling(committing.commit(messages, nextOffset)),
    close: () => committing.close(),
    seek(offset) {
      spec.sought(offset)
      ask((consumer) => consumer.seek({ topic, partition, offset: String(offset) }))
    },
    pause: () => ask((consumer) => consumer.pause([{ topic, partitions: [partition] }])),
    resume: () => ask((consumer) => consumer.resume([{ topic, partitions: [partition] }])),
  }
}

function exactlyOnce(spec: PortSpec): Committing {
  const { connection, logs, options, partition } = spec
  const { group, topic } = options
  let producer: TransactionalProducer | null = null
  const port = new TransactionPort({
    transactionalId: `${group}.${topic}.${partition}`,
    partition,
    owns: () => spec.consumer() !== null,
    on: (result) => options.on({ kind: 'transaction', result }),
    client: {
      async producer(id) {
        const made = await TransactionalProducer.connect(connection, id, { group, topic, partition })
        producer?.discard()
        producer = made
        return made
      },
      committed: () => committed(spec),
      partitions: (output) => logs.partitions(output),
    },
  })
  return {
    fence: () => port.fence(),
    commit: (messages, nextOffset) => port.commit(messages, nextOffset),
    async close() {
      // Whoever stops a run may look at once at what it wrote.
      await settled(logs, producer?.written ?? []).catch(() => {})
      await port.close()
    },
  }
}

function atLeastOnce(spec: PortSpec): Committing {
  const { connection, logs, options, partition } = spec
  const { group, topic } = options
  let producer: Promise<Producer> | null = null
  const close = async (): Promise<void> => {
    const made = producer
    producer = null
    await made?.then((open) => open.disconnect()).catch(() => {})
  }
  const send = async (messages: readonly Message[]): Promise<void> => {
    producer ??= connection.producer(null)
    const through = await producer
    const placed = await logs.placed(messages, partition)
    for (const request of requestsOf(placed, connection.limits.produceBytesMax)) await sendOne(through, request)
  }
  return {
    fence: () => committed(spec),
    async commit(messages, nextOffset) {
      try {
        if (messages.length > 0) await send(messages)
        const consumer = spec.consumer()
        if (consumer === null) throw new Failure('fenced', `partition ${partition} is not ours any more`)
        await consumer.commitOffsets([{ topic, partition, offset: String(nextOffset) }])
      } catch (thrown) {
        await close()
        throw connection.failure(thrown, `committing ${topic}/${partition} of group ${group}`)
      }
    },
    close,
  }
}

async function committed({
  admin,
  connection,
  logs,
  offsetLost,
  options,
  partition,
}: PortSpec): Promise<number | null> {
  const { group, on, topic } = options
  const where = `${topic}/${partition}, group ${group}`
  try {
    const offset = await committedOffset(await admin(), group, topic, partition)
    const held = heldOffset(offset, await logs.range(topic, partition), where, offsetLost)
    if (held.gap !== null) on({ kind: 'failed', failure: held.gap })
    return held.offset
  } catch (thrown) {
    throw connection.failure(thrown, `reading the committed offset of ${where}`)
  }
}
