// One consumer of the throughput bench, in a process of its own: reads a topic to its end from the beginning, and prints
// how many records, how long from the first of them to the last, and the CPU time of that stretch.
// argv: stock | ours, brokers, topic, records

import { createRequire } from 'node:module'
import type { Task } from '../../libs/bus/bus.ts'
import { kafka } from '../../libs/bus/kafka/kafka.ts'
import { kafkaLimits } from '../../libs/bus/kafka/limits.ts'

export interface Stretch {
  readonly records: number
  readonly ms: number
  readonly cpuUs: number
}

class Watch {
  readonly #wanted: number
  readonly #done: (stretch: Stretch) => void
  #records = 0
  #startMs = 0
  #startCpu = process.cpuUsage()

  constructor(wanted: number, done: (stretch: Stretch) => void) {
    this.#wanted = wanted
    this.#done = done
  }

  /** Called before the work on a batch, so that the first batch's own work counts. */
  start(): void {
    if (this.#startMs > 0) return
    this.#startMs = performance.now()
    this.#startCpu = process.cpuUsage()
  }

  add(records: number): void {
    this.#records += records
    if (this.#records < this.#wanted) return
    const { user, system } = process.cpuUsage(this.#startCpu)
    this.#done({ records: this.#records, ms: performance.now() - this.#startMs, cpuUs: user + system })
  }
}

type Kafkajs = typeof import('kafkajs')

async function stock(brokers: string[], topic: string, wanted: number): Promise<Stretch> {
  const { Kafka, logLevel }: Kafkajs = createRequire(import.meta.url)('kafkajs')
  const client = new Kafka({ clientId: 'stock', brokers, logLevel: logLevel.NOTHING })
  const consumer = client.consumer({
    groupId: `stock-${process.pid}`,
    maxBytesPerPartition: kafkaLimits.fetchPartitionBytesMax,
    maxBytes: kafkaLimits.fetchBytesMax,
    maxWaitTimeInMs: kafkaLimits.fetchWaitMsMax,
  })
  const stretch = new Promise<Stretch>((resolve) => {
    const watch = new Watch(wanted, resolve)
    // Before the handler runs the batch is decoded already, so the watch starts with the fetch.
    consumer.on(consumer.events.FETCH_START, () => watch.start())
    consumer.on(consumer.events.END_BATCH_PROCESS, (event) => watch.add(event.payload.batchSize))
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({ autoCommit: false, eachBatch: async () => {} })
  return stretch
}

async function ours(brokers: string[], topic: string, wanted: number): Promise<Stretch> {
  const bus = kafka({ brokers, clientId: 'ours' })
  let watch: Watch
  const stretch = new Promise<Stretch>((resolve) => {
    watch = new Watch(wanted, resolve)
  })
  const nothing = (start: number): Task => {
    let next = start
    return {
      step(records, from) {
        next = records.nextOffset
        watch.add(records.count - from)
        return { outputs: [], nextOffset: next, need: null }
      },
      skip: (_from, to) => ({ outputs: [], nextOffset: to, need: null }),
      tick: () => ({ outputs: [], nextOffset: next, need: null }),
      checkpoint: () => [],
      supply: () => {},
    }
  }
  await bus.run({
    topic,
    group: `ours-${process.pid}`,
    delivery: 'exactly-once',
    commitMsMin: 50,
    idleCommitMs: 1_000,
    bufferedBytesMax: 64 * 1024 * 1024,
    build: async ({ committed }) => {
      watch.start()
      return { task: nothing(committed ?? 0), position: committed ?? 0 }
    },
    resolve: async () => 'absent',
    on: () => {},
  })
  return stretch
}

const [mode, brokers = '', topic = '', wanted = ''] = process.argv.slice(2)
const consume = mode === 'stock' ? stock : ours
process.stdout.write(`${JSON.stringify(await consume(brokers.split(','), topic, Number(wanted)))}\n`)
process.exit(0)
