// Swaps drain: a backlog of payments, made once, and drains of it at full speed, each under a prefix of its own, while detectors
// are published: the next one when it is due by the records judged and the one before is in use in every partition.
// The detectors differ in their scores by a thousandth each, so that every version leaves its own bytes in its alerts and
// none makes more work than another.

import { eventOf } from '../../libs/alert/events.ts'
import { groupOf, type Topics, topicShapes, topics } from '../../libs/alert/topics.ts'
import type { Bus } from '../../libs/bus/bus.ts'
import { sha256 } from '../../libs/core/hash.ts'
import type { Message } from '../../libs/core/message.ts'
import { valueBytes } from '../../libs/core/records.ts'
import { artefact } from '../../libs/detector/artefact.ts'
import type { Model } from '../../libs/detector/model.ts'
import { Publications, publication } from '../../libs/detector/publication.ts'
import { metrics } from '../../libs/run/metrics.ts'
import { Vitals } from '../../libs/run/vitals.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { auditStream } from '../../libs/task/evidence.ts'
import { type Scorer, scorer } from '../../services/scorer/scorer.ts'
import { sampleRows } from '../detector/sample-model.ts'
import { payments, paymentsModel, stream as paymentsStream } from '../task/judging.ts'
import { Gaps, type Longest } from './swaps-gaps.ts'
import { history, historyFaults } from './swaps-history.ts'

const PARTITIONS = 4
/** About one row in four hundred exceeds it. */
const THRESHOLD = 4_000
const PUBLISH_RECORDS = 10_000

export interface Backlog {
  readonly bus: Bus
  readonly stream: Stream
  readonly records: number
  /** Of all records, by partition. */
  readonly offsets: readonly Float64Array[]
}

export interface DrainReport extends Longest {
  readonly recordsPerSecond: number
  readonly alerts: number
  readonly transactions: number
  /** Swaps seen in use in every partition before the backlog's end. */
  readonly swaps: number
  /** From the call that publishes to the first verdicts committed in every partition: the longest, ms. */
  readonly inUseMs: number
  readonly faults: readonly string[]
}

/** Publishes the records, evenly over the partitions; every key stays in its own. */
export async function fill(bus: Bus, topic: string, records: number): Promise<Backlog> {
  const { spec } = paymentsStream
  const stream = { ...paymentsStream, spec: { ...spec, source: { ...spec.source, topic } } }
  await bus.ensureTopics([{ topic, partitions: PARTITIONS, cleanup: 'delete', retentionMs: null }])
  let startMs: number | undefined
  for (let at = 0; at < records; at += PUBLISH_RECORDS) {
    const list = payments(Math.min(PUBLISH_RECORDS, records - at), at + 1, startMs)
    startMs = list.at(-1)?.timestampMs
    await bus.publish(list.map((record) => ({ ...record, topic, partition: partitionOf(record.value), headers: [] })))
  }
  const offsets: Float64Array[] = []
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const { first, next } = await bus.range(topic, partition)
    const own: number[] = []
    for await (const run of bus.read(topic, partition, first, next)) own.push(...run.offsets.subarray(0, run.count))
    offsets.push(Float64Array.from(own))
  }
  return { bus, stream, records, offsets }
}

function partitionOf(payment: Uint8Array | null): number {
  const card = /card-(\d+)/.exec(new TextDecoder().decode(payment ?? undefined))?.[1]
  return Number(card) % PARTITIONS
}

/** `withheld`: nothing is published at the times at which it would be. */
export type Plan = { readonly kind: 'published' | 'withheld'; readonly detectors: number }

export async function drain(backlog: Backlog, prefix: string, plan: Plan): Promise<DrainReport> {
  const { bus, stream, records } = backlog
  const name = stream.spec.stream
  const names = topics(prefix, name)
  // Nothing is compacted: the history reads every ledger.
  await bus.ensureTopics(topicShapes(names, PARTITIONS).map((shape) => ({ ...shape, cleanup: 'delete' })))
  const detectors = Array.from({ length: plan.detectors + 1 }, (_, i) =>
    published(names.detectors, name, stream.revision, i),
  )
  await bus.publish(detectors[0]?.messages ?? [])
  const sequence = new Sequence(
    detectors.map(({ version }) => version),
    plan.kind,
  )
  const swaps = plan.kind === 'published' ? plan.detectors : 0
  const following = await bus.follow(names.events, (_partition, run) => {
    for (let i = 0; i < run.count; i++) {
      const event = eventOf(valueBytes(run, i))
      if (event?.kind === 'detector-switched' && event.version !== null) sequence.inUse(event.version)
    }
  })
  const gaps = new Gaps()
  let rows = 0
  const startedMs = performance.now()
  const running = await started(backlog, prefix, (count) => {
    gaps.lap()
    rows += count
    // About 97 in 100 records are scored; the last detectors need records that are still to come in every partition.
    const due = rows >= ((sequence.published + 0.5) * 0.8 * records) / (plan.detectors + 1)
    const next = due && !gaps.inWindow ? sequence.next() : null
    if (next === null) return
    gaps.window()
    if (plan.kind === 'published') setImmediate(() => void bus.publish(detectors[next]?.messages ?? []))
  })
  await drained(running, records)
  const recordsPerSecond = Math.round((records / (performance.now() - startedMs)) * 1000)
  await running.stop()
  const longest = gaps.longest()
  await following.stop()
  const left = await evidence(backlog, names, swaps)
  if (sequence.swaps !== swaps) left.faults.push(`${swaps} detectors to be published, ${sequence.swaps} seen in use`)
  return { ...longest, recordsPerSecond, swaps: sequence.swaps, inUseMs: sequence.inUseMsMax, ...left }
}

function started({ bus, stream }: Backlog, prefix: string, scored: (count: number) => void): Promise<Scorer> {
  const told = metrics({ version: 'swaps', clock: () => 0, scope: 'own' })
  const tell = told.scored.bind(told)
  told.scored = (name, scores, count, threshold) => {
    scored(count)
    tell(name, scores, count, threshold)
  }
  return scorer({
    bus,
    stream,
    topics: topics(prefix, stream.spec.stream),
    group: groupOf(prefix, stream.spec.stream),
    metrics: told,
    vitals: new Vitals(() => 0),
    log: { debug: () => {}, info: () => {}, warn: say, error: say },
    commitMsMin: 20,
    idleCommitMs: 100,
    bufferedBytesMax: 64 * 1024 * 1024,
    onMismatch: 'stop',
    resolve: async () => 'absent',
  })
}

async function evidence(
  { bus, stream, records, offsets }: Backlog,
  names: Topics,
  swaps: number,
): Promise<{ alerts: number; transactions: number; faults: string[] }> {
  const audited = await auditStream(bus, stream, names, async () => 'absent')
  const left = await history(bus, stream, names)
  const faults = [...audited.faults, ...historyFaults(left, offsets)]
  if (audited.judged !== records) faults.push(`${records} records, ${audited.judged} verdicts in the ledgers`)
  const switches = (swaps + 1) * PARTITIONS
  if (left.switches.length !== switches)
    faults.push(`${left.switches.length} switches in the partitions, not ${switches}`)
  const transactions = left.ledgers.reduce((sum, own) => sum + own.length, 0)
  return { alerts: audited.alerts, transactions, faults }
}

function say(event: string, fields?: object): void {
  process.stderr.write(`${event} ${JSON.stringify(fields)}\n`)
}

async function drained(running: Scorer, records: number): Promise<void> {
  const ended = running.ended.then(() => Promise.reject(new Error('the scorer has ended')))
  ended.catch(() => {})
  while (running.counts().reduce((sum, count) => sum + count, 0) < records) {
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))])
  }
}

function published(
  topic: string,
  stream: string,
  revision: string,
  index: number,
): { version: string; messages: Message[] } {
  const base = paymentsModel(1)
  const mean = base.scaler.mean.map((each) => each * (1 + index / 1000))
  const model: Model = { ...base, scaler: { ...base.scaler, mean } }
  const bytes = artefact(model, sampleRows(model, 16, 0, 1))
  const version = sha256(bytes)
  const request = { topic, stream, revision, version, artefact: bytes, threshold: THRESHOLD, by: 'test', nowMs: 0 }
  return { version, messages: publication(request, new Publications()) }
}

/** Detectors one after the other: which was published, and in how many partitions it is in use. */
class Sequence {
  readonly #versions: readonly string[]
  readonly #kind: Plan['kind']
  readonly #partitions: number[]
  #published = 0
  #publishedMs = performance.now()
  inUseMsMax = 0

  constructor(versions: readonly string[], kind: Plan['kind']) {
    this.#versions = versions
    this.#kind = kind
    this.#partitions = versions.map(() => 0)
  }

  get published(): number {
    return this.#published
  }

  /** Swaps in use in every partition; the first detector is none. */
  get swaps(): number {
    return this.#partitions.filter((count) => count === PARTITIONS).length - 1
  }

  inUse(version: string): void {
    const index = this.#versions.indexOf(version)
    this.#partitions[index] = (this.#partitions[index] ?? 0) + 1
    if (index > 0 && this.#partitions[index] === PARTITIONS) {
      this.inUseMsMax = Math.max(this.inUseMsMax, performance.now() - this.#publishedMs)
    }
  }

  /** The index of the detector to publish next, if there is one and the one before is in use everywhere. */
  next(): number | null {
    if (this.#published + 1 >= this.#versions.length) return null
    if (this.#kind === 'published' && this.#partitions[this.#published] !== PARTITIONS) return null
    this.#published++
    this.#publishedMs = performance.now()
    return this.#published
  }
}
