// Backlog: fills a topic of a real Kafka with readings, one in a thousand of them planted, the last of each partition too, in
// batches as a producer with the usual 64 kB makes them, not compressed. Owns nothing; the topic remains.

import { kafka } from '../../libs/bus/kafka/kafka.ts'
import { partitionOf } from '../../libs/bus/murmur2.ts'
import type { Message } from '../../libs/core/message.ts'
import { atTime, type Reading, Readings, readings } from './readings.ts'

export const PARTITIONS = 4
/** Records to a planted one. */
export const PLANTED_EVERY = 1000
const BATCH_RECORDS = 250
/** Encoded once, then given out again and again at later times. */
const DISTINCT = 65_536

/** `records` must be a multiple of PARTITIONS × PLANTED_EVERY. */
export async function fill(brokers: readonly string[], topic: string, records: number): Promise<void> {
  const bus = kafka({ brokers, clientId: 'bench-fill' })
  await bus.ensureTopics([{ topic, partitions: PARTITIONS, cleanup: 'delete', retentionMs: null }])
  await bus.close()
  const byPartition: Reading[][] = Array.from({ length: PARTITIONS }, () => [])
  for (const reading of readings(Math.min(DISTINCT, records), 1))
    byPartition[partitionOf(reading.key, PARTITIONS)]?.push(reading)
  await Promise.all(
    byPartition.map((list, partition) => fillPartition(brokers, topic, partition, list, records / PARTITIONS)),
  )
}

async function fillPartition(
  brokers: readonly string[],
  topic: string,
  partition: number,
  list: readonly Reading[],
  records: number,
): Promise<void> {
  const bus = kafka({ brokers, clientId: `bench-fill-${partition}` })
  const source = new Readings(2)
  const startMs = list[0]?.timestampMs ?? 0
  let name = 0
  const planted = (atMs: number): Reading => {
    for (;;) {
      const reading = source.planted(String(name++), atMs)
      if (partitionOf(reading.key, PARTITIONS) === partition) return reading
    }
  }
  let batch: Message[] = []
  for (let i = 0; i < records; i++) {
    const atMs = startMs + PARTITIONS * i
    const ordinary = list[i % list.length]
    const reading = (i + 1) % PLANTED_EVERY === 0 || ordinary === undefined ? planted(atMs) : atTime(ordinary, atMs)
    batch.push({ topic, partition, headers: [], ...reading })
    if (batch.length < BATCH_RECORDS && i + 1 < records) continue
    await bus.publish(batch)
    batch = []
  }
  await bus.close()
}
