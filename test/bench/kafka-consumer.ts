// One consumer of the throughput bench, in a process of its own: takes a topic from its beginning to its end, and prints how
// many records, how long from the first fetch to the last record, and the processor time of that stretch.
//   stock    kafkajs' own eachBatch, which does nothing and commits nothing
//   nothing  our bus, exactly-once, with a task that does nothing: to the last record judged
//   scorer   the scorer: to the last record committed, alerts and state with it
// argv: mode, brokers, topic, records

import { createRequire } from 'node:module'
import type { Task } from '../../libs/bus/bus.ts'
import { kafka } from '../../libs/bus/kafka/kafka.ts'
import { kafkaLimits } from '../../libs/bus/kafka/limits.ts'
import { benchScorer } from './bench-scorer.ts'
import { cpuUs, wallUs } from './figure.ts'

export interface Stretch {
  readonly records: number
  readonly wallUs: number
  readonly cpuUs: number
}

/** What the stock client shares with ours. */
export const sharedFetch = {
  maxBytesPerPartition: kafkaLimits.fetchPartitionBytesMax,
  maxBytes: kafkaLimits.fetchBytesMax,
  maxWaitTimeInMs: kafkaLimits.fetchWaitMsMax,
} as const

class Watch {
  readonly stretch: Promise<Stretch>
  readonly #wanted: number
  #done: (stretch: Stretch) => void = () => undefined
  #records = 0
  #startUs = 0
  #startCpuUs = 0

  constructor(wanted: number) {
    this.#wanted = wanted
    this.stretch = new Promise((resolve) => {
      this.#done = resolve
    })
  }

  /** Called before the first fetch, so that the first batch's own work counts. */
  start(): void {
    if (this.#startUs > 0) return
    this.#startUs = wallUs()
    this.#startCpuUs = cpuUs()
  }

  add(records: number): void {
    this.#records += records
    if (this.#records < this.#wanted) return
    this.#done({ records: this.#records, wallUs: wallUs() - this.#startUs, cpuUs: cpuUs() - this.#startCpuUs })
  }
}

interface Job {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly watch: Watch
}

type Kafkajs = typeof import('kafkajs')

async function stock({ brokers, topic, watch }: Job): Promise<void> {
  const { Kafka, logLevel }: Kafkajs = createRequire(import.meta.url)('kafkajs')
  const client = new Kafka({ clientId: 'stock', brokers: [...brokers], logLevel: logLevel.NOTHING })
  const consumer = client.consumer({ groupId: `stock-${process.pid}`, ...sharedFetch })
  // Before the handler runs the batch is decoded already, so the watch starts with the fetch.
  consumer.on(consumer.events.FETCH_START, () => watch.start())
  consumer.on(consumer.events.END_BATCH_PROCESS, (event) => watch.add(event.payload.batchSize))
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({ autoCommit: false, eachBatch: async () => {} })
}

async function nothing({ brokers, topic, watch }: Job): Promise<void> {
  const bus = kafka({ brokers, clientId: 'nothing' })
  const idle = (start: number): Task => {
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
    group: `nothing-${process.pid}`,
    delivery: 'exactly-once',
    commitMsMin: 50,
    idleCommitMs: 1_000,
    bufferedBytesMax: 64 * 1024 * 1024,
    build: async ({ committed }) => ({ task: idle(committed ?? 0), position: committed ?? 0 }),
    resolve: async () => 'absent',
    on: (event) => {
      if (event.kind === 'live') watch.start()
    },
  })
}

async function scoring({ brokers, topic, watch }: Job): Promise<void> {
  const offsets = new Map<unknown, number>()
  await benchScorer({
    brokers,
    topic,
    prefix: `bench-${process.pid}`,
    tell: (event, { partition, offset }) => {
      if (event === 'partition-live') watch.start()
      if (event !== 'committed') return
      watch.add(Number(offset) - (offsets.get(partition) ?? 0))
      offsets.set(partition, Number(offset))
    },
  })
}

const modes = { stock, nothing, scorer: scoring } as const
export type Mode = keyof typeof modes

if (process.argv[1] === import.meta.filename) {
  const [mode = '', brokers = '', topic = '', wanted = ''] = process.argv.slice(2)
  const watch = new Watch(Number(wanted))
  const consume = modes[mode as Mode]
  await consume({ brokers: brokers.split(','), topic, watch })
  process.stdout.write(`${JSON.stringify(await watch.stretch)}\n`, () => process.exit(0))
}
