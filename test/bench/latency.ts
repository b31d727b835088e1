// Latency: milliseconds from before a planted reading is sent until a read_committed consumer holds what was made of it, at
// 2,000 records/s with 5 planted a second, on a real Kafka, exactly-once. Two sides, each with a topic, a process and an
// output of its own: the scorer, and a bare read–write–commit loop. The load goes to one and then to the other, some seconds
// each in turn, so that both meet the same moments and never each other.
// Run as a program (argv: brokers, slices) it is sender and reader, by kafkajs alone, on one clock.
// Not measured: other machines between the parts; a backlog before the record.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Random } from '../../libs/core/random.ts'
import { PARTITIONS } from './backlog.ts'
import { apart, atMost, type Figure, figure, quantile, type Size } from './figure.ts'
import { foundTopic, type Side } from './latency-loop.ts'
import { PLANTED_KEY, type Reading, Readings } from './readings.ts'

const RECORDS_PER_SECOND = 2000
const PLANTED_PER_SECOND = 5
const TICK_MS = 10
const TICK_RECORDS = (RECORDS_PER_SECOND * TICK_MS) / 1000
const SLICE_MS = 5000
/** Slices a side; the first warms up and does not count. */
const SLICES: Record<Size, number> = { full: 17, quick: 2 }
const LATE_MS_MAX = 10_000
const P50_RATIO_MAX = 1.5
const P99_RATIO_MAX = 2
const sides: readonly Side[] = ['scorer', 'bare']

type Samples = Record<Side, number[]>

export async function latency(brokers: readonly string[], size: Size): Promise<readonly Figure[]> {
  const samples = await apart<Samples>('latency.js', [brokers.join(','), String(SLICES[size])])
  const of = (name: string, share: number, ratioMax: number): Figure =>
    figure({
      name: `alert latency ${name}, 2,000 records/s, 5 alerts/s, exactly-once (${samples.scorer.length} alerts)`,
      value: quantile(samples.scorer, share),
      unit: 'ms',
      floor: quantile(samples.bare, share),
      floorName: 'a bare read–write–commit loop',
      budgets: [atMost('ratio', ratioMax)],
      notMeasured: 'a network between the parts',
    })
  return [of('p50', 0.5, P50_RATIO_MAX), of('p99', 0.99, P99_RATIO_MAX)]
}

type Kafkajs = typeof import('kafkajs')
type Client = InstanceType<Kafkajs['Kafka']>

const { Kafka, logLevel, Partitioners }: Kafkajs = createRequire(import.meta.url)('kafkajs')
const prefixOf = (side: Side): string => `latency-${side}-${process.pid}`
const inputOf = (side: Side): string => `${prefixOf(side)}-in`

async function sampled(brokers: readonly string[], slices: number): Promise<Samples> {
  const client = new Kafka({ clientId: 'bench-latency', brokers: [...brokers], logLevel: logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  const inputs = sides.map((side) => ({ topic: inputOf(side), numPartitions: PARTITIONS, replicationFactor: 1 }))
  const outputs = sides.map((side) => ({ topic: foundTopic(prefixOf(side)), numPartitions: 1, replicationFactor: 1 }))
  await admin.createTopics({ topics: [...inputs, ...outputs], waitForLeaders: true })
  await admin.disconnect()
  const loops: ChildProcess[] = []
  try {
    for (const side of sides) loops.push(await loop(side, brokers))
    const sentMs = new Map<string, number>()
    const found = await foundBy(client)
    const sender = new Sender(client, sentMs)
    await sender.connect()
    for (let slice = 0; slice < slices; slice++)
      for (const side of sides) await sender.slice(side, slice === 0 ? 'warm' : String(slice))
    for (const side of sides) await settled(found[side], sender.planted(side))
    return {
      scorer: latencies(sentMs, found.scorer),
      bare: latencies(sentMs, found.bare),
    }
  } finally {
    for (const child of loops) child.kill('SIGKILL')
  }
}

async function loop(side: Side, brokers: readonly string[]): Promise<ChildProcess> {
  const program = path.join(import.meta.dirname, 'latency-loop.js')
  const args = [program, side, brokers.join(','), inputOf(side), prefixOf(side)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.once('exit', (code) => {
    if (code !== null) throw new Error(`the ${side} of the latency bench ended with ${code}`)
  })
  await once(child.stdout, 'data')
  return child
}

/** When each planted reading was read back, by key. A key that comes twice is a defect of exactly-once. */
async function foundBy(client: Client): Promise<Record<Side, Map<string, number>>> {
  const found = { scorer: new Map<string, number>(), bare: new Map<string, number>() }
  const consumer = client.consumer({ groupId: `reader-${process.pid}`, maxWaitTimeInMs: 100 })
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()))
  await consumer.connect()
  await consumer.subscribe({ topics: sides.map((side) => foundTopic(prefixOf(side))), fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      const nowMs = performance.now()
      const side = sides.find((each) => foundTopic(prefixOf(each)) === batch.topic)
      assert.ok(side !== undefined)
      for (const { key } of batch.messages) {
        const name = String(key)
        assert.ok(!found[side].has(name), `${name} came twice`)
        found[side].set(name, nowMs)
      }
    },
  })
  await joined
  return found
}

/** Sends readings at a steady rate. Owns the producer. */
class Sender {
  readonly #producer
  readonly #sentMs: Map<string, number>
  readonly #readings = new Readings(3)
  readonly #random = Random.derived(3, 'latency')
  readonly #planted: Record<Side, number> = { scorer: 0, bare: 0 }

  constructor(client: Client, sentMs: Map<string, number>) {
    this.#producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    this.#sentMs = sentMs
  }

  connect(): Promise<void> {
    return this.#producer.connect()
  }

  planted(side: Side): number {
    return this.#planted[side]
  }

  async slice(side: Side, label: string): Promise<void> {
    const startMs = performance.now()
    const sending: Promise<unknown>[] = []
    const ticksPerPlanted = 1000 / PLANTED_PER_SECOND / TICK_MS
    let plantedTick = 0
    for (let tick = 0; tick < SLICE_MS / TICK_MS; tick++) {
      if (tick % ticksPerPlanted === 0) plantedTick = tick + this.#random.integer(ticksPerPlanted)
      await wait(Math.max(0, startMs + tick * TICK_MS - performance.now()))
      sending.push(this.#send(side, tick === plantedTick ? `${side}-${label}-${tick}` : null))
    }
    await Promise.all(sending)
  }

  async #send(side: Side, planted: string | null): Promise<void> {
    const atMs = Date.now()
    const list: Reading[] = Array.from({ length: TICK_RECORDS }, () => this.#readings.ordinary(atMs))
    if (planted !== null) {
      this.#planted[side]++
      list[this.#random.integer(TICK_RECORDS)] = this.#readings.planted(planted, atMs)
    }
    const messages = list.map(({ key, value }) => ({ key: Buffer.from(key), value: Buffer.from(value) }))
    if (planted !== null) this.#sentMs.set(`${PLANTED_KEY}${planted}`, performance.now())
    await this.#producer.send({ topic: inputOf(side), messages })
  }
}

async function settled(found: ReadonlyMap<string, number>, count: number): Promise<void> {
  for (let waitedMs = 0; found.size < count && waitedMs < LATE_MS_MAX; waitedMs += TICK_MS) await wait(TICK_MS)
  assert.equal(found.size, count, 'every planted reading is found')
}

function latencies(sentMs: ReadonlyMap<string, number>, found: ReadonlyMap<string, number>): number[] {
  return [...found]
    .filter(([name]) => !name.includes('-warm-'))
    .map(([name, readMs]) => readMs - (sentMs.get(name) ?? Number.NaN))
}

if (process.argv[1] === import.meta.filename) {
  const [brokers = '', slices = ''] = process.argv.slice(2)
  const samples = await sampled(brokers.split(','), Number(slices))
  process.stdout.write(`${JSON.stringify(samples)}\n`, () => process.exit(0))
}
