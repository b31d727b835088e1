// Bench of consuming from a real Kafka, exactly-once, with a task that does nothing with the records.
// Baseline, same run, same topic, codec and fetch settings: a stock kafkajs eachBatch consumer that does nothing, commits
// nothing, and checks no checksum. Each in a process of its own; the best of three of each, in turn.
// Not measured: what a task does; the broker's own work, which shares the machine.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { kafka } from '../../libs/bus/kafka/kafka.ts'
import { findBroker } from '../kafka/broker.ts'
import { jars } from '../kafka/jars.ts'
import type { Stretch } from './kafka-consumer.ts'

const rounds = 3
const partitions = 4
const recordBytes = 150

export interface KafkaFigure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly floor: number
  readonly floorName: string
  readonly ratio: number
  readonly notMeasured: string
}

const run = promisify(execFile)

/** `records` fill the topic; the reason where there is no broker or no load generator. */
export async function kafkaBench(records: number): Promise<KafkaFigure[] | string> {
  const from = await jars()
  if (typeof from === 'string') return from
  const found = await findBroker()
  if (found.kind === 'none') return found.reason
  try {
    const topic = `bench-${process.pid}`
    const bus = kafka({ brokers: found.brokers, clientId: 'bench' })
    await bus.ensureTopics([{ topic, partitions, cleanup: 'delete', retentionMs: null }])
    await bus.close()
    await fill(from.classPath, found.brokers, topic, records)
    const best: Record<string, { perSecond: number; cpuUs: number }> = {}
    for (let round = 0; round < rounds; round++) {
      for (const mode of ['stock', 'ours']) {
        const stretch = await consumed(mode, found.brokers, topic, records)
        const so = best[mode] ?? { perSecond: 0, cpuUs: Number.POSITIVE_INFINITY }
        best[mode] = {
          perSecond: Math.max(so.perSecond, (1000 * stretch.records) / stretch.ms),
          cpuUs: Math.min(so.cpuUs, stretch.cpuUs / stretch.records),
        }
      }
    }
    return figures(best['ours'] ?? never(), best['stock'] ?? never())
  } finally {
    await found.stop()
  }
}

function figures(
  ours: { perSecond: number; cpuUs: number },
  stock: { perSecond: number; cpuUs: number },
): KafkaFigure[] {
  const floorName = 'stock kafkajs eachBatch doing nothing'
  const notMeasured = 'what a task does with the records; the broker, on the same cores'
  const figure = (name: string, value: number, unit: string, floor: number): KafkaFigure => ({
    name,
    value,
    unit,
    floor,
    floorName,
    ratio: value / floor,
    notMeasured,
  })
  return [
    figure('kafka consumer, exactly-once', ours.perSecond, 'records/s', stock.perSecond),
    figure('kafka consumer, CPU', ours.cpuUs, 'µs/record', stock.cpuUs),
  ]
}

function never(): never {
  throw new Error('a round was measured for each')
}

async function consumed(mode: string, brokers: readonly string[], topic: string, records: number): Promise<Stretch> {
  const program = join(import.meta.dirname, 'kafka-consumer.js')
  const { stdout } = await run(process.execPath, [program, mode, brokers.join(','), topic, String(records)])
  return JSON.parse(stdout)
}

/** Kafka's own load generator: a client in JavaScript takes longer to write than to read. */
async function fill(classPath: string, brokers: readonly string[], topic: string, records: number): Promise<void> {
  const size = ['--topic', topic, '--num-records', String(records), '--record-size', String(recordBytes)]
  const pace = ['--throughput', '-1', '--producer-props', `bootstrap.servers=${brokers.join(',')}`, 'batch.size=65536']
  const quick = ['-XX:TieredStopAtLevel=1', '-Xmx256m']
  const producer = 'org.apache.kafka.tools.ProducerPerformance'
  await run('java', [...quick, '-cp', classPath, producer, ...size, ...pace, 'linger.ms=20'])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const figures = await kafkaBench(Number(process.argv[2] ?? 1_000_000))
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
}
