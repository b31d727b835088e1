// Metrics: what the services tell Prometheus: one function per thing that happens, called per batch, never per record. The
// only door to prom-client. Main makes one registry and passes it down.
// Invariants
//   M1 every series has its row in the metric table.
//   M2 a stream that is watched has all its counters from the start, at zero.
//   M3 a partition that is no longer ours leaves no lag behind, and a lag that is not known (−1) is not exported.
//   M4 lag in seconds is 0 where nothing waits: an idle topic is not behind.

import assert from 'node:assert/strict'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { type Severity, severities } from '../core/severity.ts'
import { ANOMALOUS, kindOf, NORMAL, OUTCOMES, reasonOf, rejectReasons, verdictKinds } from '../core/verdict.ts'
import { AlarmRate } from './alarm-rate.ts'
import { Histogram } from './histogram.ts'
import {
  type MetricRow,
  metricTable,
  type RegistryResult,
  metricRows as rows,
  type Stage,
  type SwapResult,
  swapResults,
  type TrainResult,
  type TransactionResult,
} from './metric-table.ts'

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
  /** Threshold in force over the detector's own; 0 while none serves. */
  thresholdRatio: number
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
    this.#count(rows.regimeChanges, { stream }, 0)
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

  /** The threshold of a partition's next row, over the detector's own. */
  thresholdInForce(stream: string, partition: number, ratio: number): void {
    this.#partition(stream, partition).thresholdRatio = ratio
  }

  /** Changes of regime were committed. */
  regimeChanged(stream: string, changes: number): void {
    this.#count(rows.regimeChanges, { stream }, changes)
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

  /** Lets the counts of a stream's trainings start at zero. */
  trainable(stream: string, gates: readonly string[]): void {
    this.#count(rows.trainRuns, { stream, result: 'promoted', gate: 'none' }, 0)
    this.#count(rows.trainRuns, { stream, result: 'failed', gate: 'none' }, 0)
    for (const gate of gates) this.#count(rows.trainRuns, { stream, result: 'refused', gate }, 0)
  }

  /** Nothing is known of drift, or no longer. */
  driftUnknown(stream: string): void {
    this.#gauges.get(rows.driftRatio)?.remove({ stream })
  }

  /** A training ended. `gate`: the name of the gate that refused, from the gate's own closed list; `none` otherwise. */
  trained(stream: string, result: TrainResult, gate: string, durationMs: number): void {
    this.#count(rows.trainRuns, { stream, result, gate }, 1)
    this.#histogram(rows.trainDuration).observe([stream], durationMs / 1000)
  }

  /** A look for drift: the index of each feature, the distance of scores, and what has drifted furthest over its limit. */
  drifted(
    stream: string,
    features: readonly { readonly name: string; readonly value: number }[],
    score: number,
    ratio: number,
  ): void {
    for (const { name, value } of features) this.#set(rows.featureDrift, { stream, feature: name }, value)
    this.#set(rows.scoreDrift, { stream }, score)
    this.#set(rows.driftRatio, { stream }, ratio)
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
      let thresholdRatio = 0
      for (const [partition, known] of partitions) {
        keys += known.keys
        thresholdRatio = Math.max(thresholdRatio, known.thresholdRatio)
        if (known.lag >= 0) lag?.set({ stream, partition }, known.lag)
        if (known.lag > 0 && known.recordTimeMs > 0) lagMs = Math.max(lagMs, this.#clock() - known.recordTimeMs)
      }
      this.#set(rows.stateKeys, { stream }, keys)
      if (thresholdRatio > 0) this.#set(rows.thresholdRatio, { stream }, thresholdRatio)
      else this.#gauges.get(rows.thresholdRatio)?.remove({ stream })
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
      known = { lag: -1, recordTimeMs: 0, keys: 0, evictions: 0, thresholdRatio: 0 }
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
