// A stream, its records and a log in memory, for tests of the task: list in, list out.

import { topics } from '../../libs/alert/topics.ts'
import type { Message } from '../../libs/core/message.ts'
import { Random } from '../../libs/core/random.ts'
import { type PlainRecord, type Records, recordsOf } from '../../libs/core/records.ts'
import { detector } from '../../libs/detector/load.ts'
import type { Model } from '../../libs/detector/model.ts'
import { decoderOf } from '../../libs/stream/decoder.ts'
import { fold } from '../../libs/stream/fold.ts'
import { parse } from '../../libs/stream/spec-parse.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { stream as compile } from '../../libs/stream/stream-compile.ts'
import { decodeLedger } from '../../libs/task/ledger.ts'
import { type OnMismatch, type Restored, restore, type Source } from '../../libs/task/restore.ts'
import { type InForce, StreamTask } from '../../libs/task/task.ts'
import { sampleModel } from '../detector/sample-model.ts'

/** The stream that every test judges, or one that differs in its features. */
export function paymentsStream(features: string): Stream {
  const text = `stream: payments
source: { topic: payments, format: json, key: { field: card }, time: { field: at, unit: ms } }
features:
${features}
keysMax: 500
`
  return compile(parse(text, 'payments.yaml', () => ''))
}

export const stream = paymentsStream(`  - { name: amount, field: amount, transform: log1p }
  - { name: spent, sum: amount, over: 1h }
  - { name: count, count: true, over: 10m }
  - { name: gap, sinceLast: true }`)
export const names = topics('plumbline', 'payments')

/** Payments in offset order; about one in fifty cannot be judged, a few come late. */
export function payments(count: number, seed: number, startMs = 1_700_000_000_000): PlainRecord[] {
  const random = Random.derived(seed, 'payments')
  const text = new TextEncoder()
  let atMs = startMs
  return Array.from({ length: count }, () => {
    atMs += Math.floor(random.exponential() * 2_000)
    const card = `card-${random.integer(40)}`
    const late = random.uniform() < 0.01 ? 3_600_000 : 0
    const amount = random.uniform() < 0.01 ? 'much' : Math.round(random.exponential() * 5_000) / 100
    const value = text.encode(JSON.stringify({ card, at: atMs - late, amount }))
    return { key: text.encode(random.uniform() < 0.01 ? 'another' : card), value, timestampMs: atMs }
  })
}

/** Random weights behind a scaler that suits the rows of `payments`. */
export function paymentsModel(seed: number): Model {
  const model = sampleModel({
    widths: [stream.width, 6, 2, 6, stream.width],
    activation: { kind: 'tanh' },
    scoring: 'error-over-train',
    members: 1,
    seed,
  })
  return {
    ...model,
    layout: { revision: stream.revision, features: ['amount', 'spent', 'count', 'gap'], groups: stream.groups },
    scaler: { mean: Float32Array.of(3, 60, 2, 40), inverseScale: Float32Array.of(1, 0.02, 0.5, 0.02), clip: 1000 },
  }
}

/** Its threshold lets so few rows alarm, about one in thirty, that it is no storm. */
export function inForce(seed: 1 | 2): InForce {
  return { detector: detector(paymentsModel(seed), `v${seed}`), threshold: seed === 1 ? 2_600 : 1_700 }
}

/** A log in memory: topics of partitions of records, read as a bus would. */
export class Memory implements Source {
  readonly #records = new Map<string, PlainRecord[]>()

  append(topic: string, partition: number, records: readonly PlainRecord[]): void {
    const held = this.#records.get(`${topic}/${partition}`) ?? []
    for (const record of records) held.push({ ...record, offset: held.length })
    this.#records.set(`${topic}/${partition}`, held)
  }

  commit(messages: readonly Message[]): void {
    for (const { topic, partition, key, value, headers, timestampMs } of messages) {
      this.append(topic, partition ?? 0, [{ key, value, headers, timestampMs }])
    }
  }

  all(topic: string, partition: number): PlainRecord[] {
    return this.#records.get(`${topic}/${partition}`) ?? []
  }

  async partitions(_topic: string): Promise<number> {
    return 1
  }

  async range(topic: string, partition: number): Promise<{ first: number; next: number }> {
    return { first: 0, next: this.all(topic, partition).length }
  }

  async *read(topic: string, partition: number, from: number, to: number): AsyncIterable<Records> {
    const held = this.all(topic, partition).slice(from, to)
    for (let at = 0; at < held.length; at += 700) yield recordsOf(held.slice(at, at + 700), from + at)
  }

  async offsetAt(topic: string, partition: number, timeMs: number): Promise<number> {
    const held = this.all(topic, partition)
    const found = held.findIndex((record) => record.timestampMs >= timeMs)
    return found < 0 ? held.length : found
  }
}

export async function restoredTask(
  memory: Memory,
  committed: number | null,
  serving: InForce | null,
  onMismatch: OnMismatch = 'stop',
  judged: Stream = stream,
): Promise<{ task: StreamTask; restored: Restored }> {
  const state = fold(judged, decoderOf(judged), { buckets: 16 })
  const restored = await restore({
    stream: judged,
    fold: state,
    source: memory,
    stateTopic: names.state,
    partition: 0,
    committed,
    delivery: 'exactly-once',
    onMismatch,
    resolve: async () => 'absent',
  })
  const task = new StreamTask({
    stream: judged,
    fold: state,
    topics: names,
    partition: 0,
    restored,
    inForce: serving,
    scored: () => {},
  })
  return { task, restored }
}

/** Judges everything with a crash now and then: what a transaction held is lost with it, what was committed stays. */
export async function run(
  crashShare: number,
  seed: number,
): Promise<{ memory: Memory; chain: string; restores: number }> {
  const memory = new Memory()
  const random = Random.derived(seed, `crashes ${crashShare}`)
  memory.append('payments', 0, payments(20_000, seed))
  const records = memory.all('payments', 0)
  let committed = 0
  let serving = inForce(1)
  let { task } = await restoredTask(memory, null, serving)
  let restores = 0
  while (committed < records.length) {
    const to = Math.min(records.length, committed + 1 + random.integer(900))
    const { outputs } = task.step(recordsOf(records.slice(committed, to)), 0)
    const messages = [...outputs, ...task.checkpoint()]
    if (random.uniform() < crashShare) {
      ;({ task } = await restoredTask(memory, committed === 0 ? null : committed, serving))
      restores++
      continue
    }
    memory.commit(messages)
    committed = to
    if (serving.detector.version === 'v1' && committed > 9_000) {
      serving = inForce(2)
      task.offer(serving)
    }
  }
  const ledger = memory.all(names.state, 0).at(-1)?.value
  return { memory, chain: decodeLedger(ledger ?? new Uint8Array(0)).chain.join(), restores }
}

export function sum(counts: Float64Array): number {
  return counts.reduce((total, count) => total + count, 0)
}
