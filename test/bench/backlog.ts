// Backlog: fills a topic of a real Kafka with readings, one in a thousand of them planted, the last of each partition too, in
// batches as a producer with the usual 64 kB makes them, not compressed. Owns nothing; the topic remains.

import { createRequire } from 'node:module'
import { partitionOf } from '../../libs/bus/murmur2.ts'
import { type BatchMessage, batchOf } from '../../libs/bus/record-writer.ts'
import { RawProducer } from './raw-producer.ts'
import { atTime, type Reading, Readings, readings } from './readings.ts'

export const PARTITIONS = 4
/** Records to a planted one. */
export const PLANTED_EVERY = 1000
const BATCH_RECORDS = 250
/** Encoded once, then given out again and again at later times. */
const DISTINCT = 65_536

/** `records` must be a multiple of PARTITIONS × PLANTED_EVERY. */
export async function fill(brokers: readonly string[], topic: string, records: number): Promise<void> {
  await fillWith(brokers, topic, records, readings(Math.min(DISTINCT, records), 1))
}

/** The same of these readings, given out in turn. */
export async function fillWith(
  brokers: readonly string[],
  topic: string,
  records: number,
  distinct: readonly Reading[],
): Promise<void> {
  const leaders = await created(brokers, topic)
  const byPartition: Reading[][] = Array.from({ length: PARTITIONS }, () => [])
  for (const reading of distinct) byPartition[partitionOf(reading.key, PARTITIONS)]?.push(reading)
  await Promise.all(
    leaders.map(async (leader, partition) => {
      const producer = await RawProducer.connect(leader, topic, partition)
      const part = partReadings(byPartition[partition] ?? [], partition, records / PARTITIONS)
      for (const batch of batches(part)) await producer.send(batchOf(batch, 0))
      producer.close()
    }),
  )
}

type Kafkajs = typeof import('kafkajs')

/** Creates the topic; answers the address of each partition's leader. */
async function created(brokers: readonly string[], topic: string): Promise<string[]> {
  const { Kafka, logLevel }: Kafkajs = createRequire(import.meta.url)('kafkajs')
  const admin = new Kafka({ clientId: 'bench', brokers: [...brokers], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true })
  const cluster = await admin.describeCluster()
  const metadata = await admin.fetchTopicMetadata({ topics: [topic] })
  await admin.disconnect()
  const partitions = metadata.topics[0]?.partitions ?? []
  return Array.from({ length: PARTITIONS }, (_, partition) => {
    const leader = partitions.find(({ partitionId }) => partitionId === partition)?.leader
    const broker = cluster.brokers.find(({ nodeId }) => nodeId === leader)
    return `${broker?.host}:${broker?.port}`
  })
}

function* partReadings(list: readonly Reading[], partition: number, count: number): Generator<Reading> {
  const source = new Readings(2)
  const startMs = list[0]?.timestampMs ?? 0
  let name = 0
  const planted = (atMs: number): Reading => {
    for (;;) {
      const reading = source.planted(String(name++), atMs)
      if (partitionOf(reading.key, PARTITIONS) === partition) return reading
    }
  }
  for (let i = 0; i < count; i++) {
    const atMs = startMs + PARTITIONS * i
    const ordinary = list[i % list.length]
    yield (i + 1) % PLANTED_EVERY === 0 || ordinary === undefined ? planted(atMs) : atTime(ordinary, atMs)
  }
}

function* batches(all: Iterable<Reading>): Generator<BatchMessage[]> {
  let batch: BatchMessage[] = []
  for (const reading of all) {
    batch.push({ ...reading, headers: [] })
    if (batch.length < BATCH_RECORDS) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
