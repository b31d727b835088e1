// Metrics: what the services tell Prometheus, declared in one table, emitted by one function per thing that happens, and
// called per batch, never per record. The only door to prom-client. Main makes one registry and passes it down.
// Invariants
//   M1 every series has a row in `metricTable`: prefix plumbline_, base units, `_total` on counters and on nothing else.
//   M2 labels are closed sets, names from spec files or partition numbers; no key, no message, no field's value.
//   M3 a partition that is no longer ours leaves no lag behind, and a lag that is not known (−1) is not exported.
//   M4 lag in seconds is 0 where nothing waits: an idle topic is not behind.

import assert from 'node:assert/strict'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { type Severity, severities } from '../core/severity.ts'
import { ANOMALOUS, kindOf, NORMAL, OUTCOMES, reasonOf, rejectReasons, verdictKinds } from '../core/verdict.ts'
import { AlarmRate } from './alarm-rate.ts'
import { Histogram } from './histogram.ts'

export interface MetricRow {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds, histograms only. */
  readonly buckets: readonly number[]
}

/** score ÷ threshold: five bounds a decade from 0.01 to 100; 1 is among them, so that `le="1"` is what was not alarming. */
const RATIO_BUCKETS = [
  0.01, 0.016, 0.025, 0.04, 0.063, 0.1, 0.16, 0.25, 0.4, 0.63, 1, 1.6, 2.5, 4, 6.3, 10, 16, 25, 40, 63, 100,
]
const STAGE_SECONDS_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
const LATENCY_SECONDS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200]
const TRAIN_SECONDS_BUCKETS = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600]

const counter = (name: string, labels: readonly string[], help: string): MetricRow => {
  return { name: `plumbline_${name}_total`, type: 'counter', help, labels, buckets: [] }
}
const gauge = (name: string, labels: readonly string[], help: string): MetricRow => {
  return { name: `plumbline_${name}`, type: 'gauge', help, labels, buckets: [] }
}
const histogram = (name: string, labels: readonly string[], buckets: readonly number[], help: string): MetricRow => {
  return { name: `plumbline_${name}`, type: 'histogram', help, labels, buckets }
}

/** Every metric of ours, the one place where they are declared. */
const rows = {
  consumed: counter('records_consumed', ['stream'], 'Records judged, whatever the verdict.'),
  verdicts: counter('verdicts', ['stream', 'kind'], 'Verdicts by kind; every consumed record has exactly one.'),
  rejects: counter('rejects', ['stream', 'reason'], 'Rejected records by reason.'),
  alerts: counter('alerts_published', ['stream', 'severity'], 'Alerts committed, by severity.'),
  lagRecords: gauge('consumer_lag_records', ['stream', 'partition'], 'Records of the partition not yet judged.'),
  lagSeconds: gauge(
    'consumer_lag_seconds',
    ['stream'],
    'Now minus the time of the last committed record, of the partition furthest behind; 0 where nothing waits.',
  ),
  lastProcessed: gauge(
    'last_record_processed_timestamp_seconds',
    ['stream'],
    'When records of the stream were last judged and committed, by the clock of the scorer.',
  ),
  latency: histogram(
    'end_to_end_latency_seconds',
    ['stream'],
    LATENCY_SECONDS_BUCKETS,
    'From the event time of an anomalous record to the commit of its alert.',
  ),
  batchDuration: histogram(
    'batch_duration_seconds',
    ['stream', 'stage'],
    STAGE_SECONDS_BUCKETS,
    'Time that one batch spent in a stage.',
  ),
  scoreRatio: histogram(
    'score_ratio',
    ['stream'],
    RATIO_BUCKETS,
    'Scores divided by the threshold in force; above 1 is anomalous.',
  ),
  threshold: gauge('threshold', ['stream'], 'Score above which a row is anomalous, of the detector in force.'),
  alarmRate: gauge(
    'alarm_rate_ratio',
    ['stream'],
    'Realised alarm rate of late divided by the rate asked for; absent while too few rows were judged.',
  ),
  detector: gauge('detector_info', ['stream', 'version'], 'Always 1; the version of the detector in force.'),
  trainedAt: gauge('detector_trained_timestamp_seconds', ['stream'], 'When the detector in force was trained.'),
  swaps: counter('detector_swaps', ['stream', 'result'], 'Detectors offered to the scorer, by what became of them.'),
  trainRuns: counter(
    'train_runs',
    ['stream', 'result', 'gate'],
    'Trainings by result, and by the gate that refused (none where no gate did).',
  ),
  trainDuration: histogram(
    'train_duration_seconds',
    ['stream'],
    TRAIN_SECONDS_BUCKETS,
    'Time of one training, from replay to gate.',
  ),
  transactions: counter('transactions', ['result'], 'Transactions by how they ended.'),
  rebalances: counter('rebalances', [], 'Changes of the partitions assigned to this process.'),
  stateKeys: gauge('state_keys', ['stream'], 'Keys whose state is held.'),
  evictions: counter('state_evictions', ['stream'], 'Keys forgotten because the bound on keys was reached.'),
  buffered: gauge('buffered_bytes', [], 'Bytes fetched and not yet judged.'),
  bufferLimit: gauge('buffer_limit_bytes', [], 'Bytes that may wait before partitions are paused.'),
  registry: counter('registry_requests', ['result'], 'Requests to the schema registry by result.'),
  learningRows: gauge('learning_rows', ['stream'], 'Rows seen that the first detector can learn from.'),
  learningNeeded: gauge('learning_rows_needed', ['stream'], 'Rows that the first detector needs.'),
  build: gauge('build_info', ['version'], 'Always 1; the version of the program.'),
} as const satisfies Record<string, MetricRow>

export const metricTable: readonly MetricRow[] = Object.values(rows)

export const stages = ['decode', 'featurize', 'score', 'publish', 'commit'] as const
export type Stage = (typeof stages)[number]
export const transactionResults = ['committed', 'aborted', 'fenced', 'indefinite'] as const
export type TransactionResult = (typeof transactionResults)[number]
export const swapResults = ['swapped', 'refused'] as const
export type SwapResult = (typeof swapResults)[number]
export const trainResults = ['promoted', 'refused', 'failed'] as const
export type TrainResult = (typeof trainResults)[number]
export const registryResults = ['found', 'absent', 'failed'] as const
export type RegistryResult = (typeof registryResults)[number]

export interface MetricsOptions {
  readonly version: string
  readonly clock: () => number
  /** `process` adds process_* and nodejs_eventloop_lag_*, which watch the running process; `own` leaves them out. */
  readonly scope: 'own' | 'process'
}

/** What is known of one assigned partition. */
interface Partition {
  lag: number
  recordTimeMs: number
  keys: number
  evictions: number
}

export class Metrics {
  readonly #registry = new Registry()
  readonly #counters = new Map<MetricRow, Counter>()
  readonly #gauges = new Map<MetricRow, Gauge>()
  readonly #histograms = new Map<MetricRow, Histogram>()
  readonly #partitions = new Map<string, Map<number, Partition>>()
  readonly #buffers = new Map<string, { readonly bytes: number; readonly bytesMax: number }>()
  /** The version in force, by stream. */
  readonly #versions = new Map<string, string>()
  readonly #alarmRates = new Map<string, AlarmRate>()
  readonly #clock: () => number

  constructor(options: MetricsOptions) {
    this.#clock = options.clock
    for (const row of metricTable) this.#declare(row)
    if (options.scope === 'process') collectProcess(this.#registry)
    this.#set(rows.build, { version: options.version }, 1)
  }

  #declare(row: MetricRow): void {
    const { name, help } = row
    const shape = { name, help, labelNames: [...row.labels], registers: [this.#registry] }
    switch (row.type) {
      case 'counter':
        this.#counters.set(row, new Counter(shape))
        break
      case 'gauge':
        this.#gauges.set(row, new Gauge(shape))
        break
      case 'histogram':
        this.#histograms.set(row, new Histogram(name, help, row.labels, row.buckets))
        break
      default:
        row.type satisfies never
    }
  }

  /** Lets the counters of a stream start at zero, so that `rate` sees their first increase. */
  watch(stream: string): void {
    this.#count(rows.consumed, { stream }, 0)
    for (const kind of verdictKinds) this.#count(rows.verdicts, { stream, kind }, 0)
    for (const reason of rejectReasons) this.#count(rows.rejects, { stream, reason }, 0)
    for (const severity of severities) this.#count(rows.alerts, { stream, severity }, 0)
    for (const result of swapResults) this.#count(rows.swaps, { stream, result }, 0)
    this.#count(rows.evictions, { stream }, 0)
    this.#histogram(rows.scoreRatio).declare([stream])
    this.#histogram(rows.latency).declare([stream])
  }

  /** A batch was judged; `counts` is indexed by outcome byte (libs/core/verdict). */
  judged(stream: string, counts: Uint32Array | Float64Array): void {
    let total = 0
    let rejected = 0
    for (let outcome = 0; outcome < OUTCOMES; outcome++) {
      const count = counts[outcome] ?? 0
      if (count === 0) continue
      total += count
      const reason = reasonOf(outcome)
      if (reason === undefined) this.#count(rows.verdicts, { stream, kind: kindOf(outcome) }, count)
      else {
        rejected += count
        this.#count(rows.rejects, { stream, reason }, count)
      }
    }
    if (rejected > 0) this.#count(rows.verdicts, { stream, kind: 'rejected' }, rejected)
    if (total > 0) this.#count(rows.consumed, { stream }, total)
    const anomalous = counts[ANOMALOUS] ?? 0
    this.#alarmRates.get(stream)?.judged(anomalous + (counts[NORMAL] ?? 0), anomalous)
  }

  /** The scores of a batch's rows, with the threshold they were held against. */
  scored(stream: string, scores: Float32Array, count: number, threshold: number): void {
    this.#histogram(rows.scoreRatio).observeMany([stream], scores, count, threshold)
  }

  spent(stream: string, stage: Stage, durationMs: number): void {
    this.#histogram(rows.batchDuration).observe([stream, stage], durationMs / 1000)
  }

  /** A commit succeeded; `recordTimeMs` is the timestamp of the last record before the offset, null if not known. */
  committed(stream: string, partition: number, durationMs: number, recordTimeMs: number | null): void {
    this.spent(stream, 'commit', durationMs)
    this.#set(rows.lastProcessed, { stream }, this.#clock() / 1000)
    if (recordTimeMs !== null) this.#partition(stream, partition).recordTimeMs = recordTimeMs
  }

  /** Alerts became visible, one entry an alert. */
  alerted(stream: string, alerts: readonly { readonly severity: Severity; readonly eventTimeMs: number }[]): void {
    const nowMs = this.#clock()
    for (const { severity, eventTimeMs } of alerts) {
      this.#count(rows.alerts, { stream, severity }, 1)
      // Clocks of producers run ahead at times; a negative latency would make the sum of the histogram fall.
      this.#histogram(rows.latency).observe([stream], Math.max(0, nowMs - eventTimeMs) / 1000)
    }
  }

  lag(stream: string, partition: number, records: number): void {
    this.#partition(stream, partition).lag = records
  }

  /** Keys held and keys forgotten so far by the task of a partition, which counts from its own birth. */
  state(stream: string, partition: number, keys: number, evictions: number): void {
    const known = this.#partition(stream, partition)
    const more = evictions >= known.evictions ? evictions - known.evictions : evictions
    known.keys = keys
    known.evictions = evictions
    if (more > 0) this.#count(rows.evictions, { stream }, more)
  }

  /** The partition is another's now, or its task is gone (M3). */
  released(stream: string, partition: number): void {
    this.#partitions.get(stream)?.delete(partition)
  }

  transaction(result: TransactionResult): void {
    this.#count(rows.transactions, { result }, 1)
  }

  rebalanced(): void {
    this.#count(rows.rebalances, {}, 1)
  }

  /** Each stream's consumer reports its own bytes and limit; exported are the sums. */
  buffered(stream: string, bytes: number, bytesMax: number): void {
    this.#buffers.set(stream, { bytes, bytesMax })
  }

  registryAsked(result: RegistryResult): void {
    this.#count(rows.registry, { result }, 1)
  }

  /** A detector is in force: at start, after a swap, after a change of threshold alone. */
  serving(stream: string, version: string, threshold: number, trainedAtMs: number): void {
    const former = this.#versions.get(stream)
    if (former !== undefined) this.#gauges.get(rows.detector)?.remove({ stream, version: former })
    this.#versions.set(stream, version)
    this.#set(rows.detector, { stream, version }, 1)
    this.#set(rows.threshold, { stream }, threshold)
    this.#set(rows.trainedAt, { stream }, trainedAtMs / 1000)
  }

  swap(stream: string, result: SwapResult): void {
    this.#count(rows.swaps, { stream, result }, 1)
  }

  /** Share of rows that should alarm by the detector in force: its p-value at the threshold. */
  alarmTarget(stream: string, rate: number): void {
    if (this.#alarmRates.get(stream)?.target === rate || !(rate > 0)) return
    this.#alarmRates.set(stream, new AlarmRate(rate))
    this.#gauges.get(rows.alarmRate)?.remove({ stream })
  }

  learning(stream: string, rowsSeen: number, rowsNeeded: number): void {
    this.#set(rows.learningRows, { stream }, rowsSeen)
    this.#set(rows.learningNeeded, { stream }, rowsNeeded)
  }

  /** A training ended. `gate`: the name of the gate that refused, from the gate's own closed list; `none` otherwise. */
  trained(stream: string, result: TrainResult, gate: string, durationMs: number): void {
    this.#count(rows.trainRuns, { stream, result, gate }, 1)
    this.#histogram(rows.trainDuration).observe([stream], durationMs / 1000)
  }

  /** Everything in Prometheus' text format 0.0.4. */
  async text(): Promise<string> {
    this.#refresh()
    const own = [...this.#histograms.values()].map((each) => each.text()).join('\n')
    return `${await this.#registry.metrics()}\n${own}`
  }

  readonly contentType: string = 'text/plain; version=0.0.4; charset=utf-8'

  #refresh(): void {
    for (const [stream, { ratio }] of this.#alarmRates) {
      if (ratio !== null) this.#set(rows.alarmRate, { stream }, ratio)
    }
    const lag = this.#gauges.get(rows.lagRecords)
    lag?.reset()
    for (const [stream, partitions] of this.#partitions) {
      let keys = 0
      let lagMs = 0
      for (const [partition, known] of partitions) {
        keys += known.keys
        if (known.lag >= 0) lag?.set({ stream, partition }, known.lag)
        if (known.lag > 0 && known.recordTimeMs > 0) lagMs = Math.max(lagMs, this.#clock() - known.recordTimeMs)
      }
      this.#set(rows.stateKeys, { stream }, keys)
      this.#set(rows.lagSeconds, { stream }, lagMs / 1000)
    }
    let bytes = 0
    let bytesMax = 0
    for (const buffer of this.#buffers.values()) {
      bytes += buffer.bytes
      bytesMax += buffer.bytesMax
    }
    this.#set(rows.buffered, {}, bytes)
    this.#set(rows.bufferLimit, {}, bytesMax)
  }

  #partition(stream: string, partition: number): Partition {
    let partitions = this.#partitions.get(stream)
    if (partitions === undefined) {
      partitions = new Map()
      this.#partitions.set(stream, partitions)
    }
    let known = partitions.get(partition)
    if (known === undefined) {
      known = { lag: -1, recordTimeMs: 0, keys: 0, evictions: 0 }
      partitions.set(partition, known)
    }
    return known
  }

  #count(row: MetricRow, labels: Record<string, string>, by: number): void {
    this.#counters.get(row)?.inc(labels, by)
  }

  #set(row: MetricRow, labels: Record<string, string>, value: number): void {
    this.#gauges.get(row)?.set(labels, value)
  }

  #histogram(row: MetricRow): Histogram {
    const found = this.#histograms.get(row)
    assert.ok(found, `${row.name} is not a histogram`)
    return found
  }
}

/** process_* and the event loop's lag; the rest of prom-client's defaults breaks the naming law or says nothing. */
function collectProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  for (const { name } of registry.getMetricsAsArray()) {
    if (name.startsWith('plumbline_') || name.startsWith('process_') || name.startsWith('nodejs_eventloop_lag'))
      continue
    registry.removeSingleMetric(name)
  }
}

export function metrics(options: MetricsOptions): Metrics {
  return new Metrics(options)
}
