// One side of the latency bench, in a process of its own: what turns planted readings of a topic into records of another.
//   scorer  the scorer, exactly-once, as it is deployed
//   bare    the least that exactly-once asks for: kafkajs' eachBatch, which in one transaction forwards the planted records of
//           a batch and moves the offset, at once
// argv: side, brokers, topic, prefix. Says `ready` on a line when it has its partitions; ends with its standard input.

import { createRequire } from 'node:module'
import { topics } from '../../libs/alert/topics.ts'
import { steadyRetry } from '../../libs/bus/kafka/limits.ts'
import { PARTITIONS } from './backlog.ts'
import { benchScorer } from './bench-scorer.ts'
import { sharedFetch } from './kafka-consumer.ts'
import { PLANTED_KEY } from './readings.ts'

/** Where a side writes what it found, by its prefix. */
export function foundTopic(prefix: string): string {
  return topics(prefix, 'bench').alerts
}

interface Job {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly prefix: string
  readonly ready: () => void
}

async function scoring({ brokers, topic, prefix, ready }: Job): Promise<void> {
  const live = new Set<unknown>()
  await benchScorer({
    brokers,
    topic,
    prefix,
    tell: (event, { partition }) => {
      if (event !== 'partition-live') return
      live.add(partition)
      if (live.size === PARTITIONS) ready()
    },
  })
}

type Kafkajs = typeof import('kafkajs')

async function bare({ brokers, topic, prefix, ready }: Job): Promise<void> {
  const { Kafka, logLevel, Partitioners }: Kafkajs = createRequire(import.meta.url)('kafkajs')
  // Its own retry would wait 300 ms where the transaction before is still being ended.
  const client = new Kafka({ clientId: prefix, brokers: [...brokers], logLevel: logLevel.NOTHING, retry: steadyRetry })
  const producer = client.producer({
    transactionalId: prefix,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  const consumer = client.consumer({ groupId: prefix, ...sharedFetch })
  const planted = Buffer.from(PLANTED_KEY)
  consumer.on(consumer.events.GROUP_JOIN, ready)
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      const marked = batch.messages.filter(({ key }) => key?.subarray(0, planted.length).equals(planted))
      if (marked.length === 0) return
      const transaction = await producer.transaction()
      const messages = marked.map(({ key, value }) => ({ key, value }))
      await transaction.send({ topic: foundTopic(prefix), messages })
      const partitions = [{ partition: batch.partition, offset: String(Number(batch.lastOffset()) + 1) }]
      // kafkajs' types leave the group out.
      const offsets: Parameters<typeof transaction.sendOffsets>[0] & { consumerGroupId: string } = {
        consumerGroupId: prefix,
        topics: [{ topic, partitions }],
      }
      await transaction.sendOffsets(offsets)
      await transaction.commit()
    },
  })
}

const sides = { scorer: scoring, bare } as const
export type Side = keyof typeof sides

if (process.argv[1] === import.meta.filename) {
  const [side = '', brokers = '', topic = '', prefix = ''] = process.argv.slice(2)
  process.stdin.on('end', () => process.exit(0)).resume()
  await sides[side as Side]({
    brokers: brokers.split(','),
    topic,
    prefix,
    ready: () => process.stdout.write('ready\n'),
  })
}
