// Scorer: judges one stream: runs a task per input partition on the bus, keeps each supplied with the detector in force, and
// tells metrics and log what happened. All judgement is in the task, all delivery in the bus.

import { alertFacts } from '../../libs/alert/alert-message.ts'
import { eventOf, isChange } from '../../libs/alert/events.ts'
import type { Topics } from '../../libs/alert/topics.ts'
import type { Assignment, Built, Bus, Reader, Running, TaskEvent, TaskNeed } from '../../libs/bus/bus.ts'
import { Failure } from '../../libs/core/failure.ts'
import type { Message } from '../../libs/core/message.ts'
import { OUTCOMES } from '../../libs/core/verdict.ts'
import type { Log } from '../../libs/run/log.ts'
import type { Metrics } from '../../libs/run/metrics.ts'
import type { Vitals } from '../../libs/run/vitals.ts'
import { decoderOf } from '../../libs/stream/decoder.ts'
import { bucketsFor, type Fold, fold } from '../../libs/stream/fold.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { type OnMismatch, restore } from '../../libs/task/restore.ts'
import { StreamTask } from '../../libs/task/task.ts'
import { followChampion } from './champion.ts'

export interface ScorerOptions {
  readonly bus: Bus
  readonly stream: Stream
  readonly topics: Topics
  readonly group: string
  readonly metrics: Metrics
  readonly vitals: Vitals
  readonly log: Log
  readonly commitMsMin: number
  readonly idleCommitMs: number
  readonly bufferedBytesMax: number
  readonly onMismatch: OnMismatch
  readonly resolve: (need: TaskNeed) => Promise<string | 'absent'>
}

export interface Scorer {
  /** Commits what is judged and leaves the group. */
  stop(): Promise<void>
  readonly ended: Promise<void>
  /** Verdicts so far by outcome byte, of the partitions run here, since the stream's first start. */
  counts(): Float64Array
  readonly version: string | null
}

interface Live {
  readonly task: StreamTask
  readonly fold: Fold
  /** Counts already told to the metrics. */
  readonly told: Float64Array
}

export async function scorer(options: ScorerOptions): Promise<Scorer> {
  const { bus, stream, topics, metrics, vitals, log } = options
  const name = stream.spec.stream
  const live = new Map<number, Live>()
  const part = (partition: number): string => `${name}/${partition}`
  metrics.watch(name)
  vitals.starting(name, 'its partitions')
  const champion = await followChampion({
    bus,
    stream,
    detectorsTopic: topics.detectors,
    metrics,
    log,
    onChange: (inForce) => {
      for (const { task } of live.values()) task.offer(inForce)
    },
  })

  const build = async (assignment: Assignment, reader: Reader): Promise<Built> => {
    const { partition } = assignment
    const state = fold(stream, decoderOf(stream), { buckets: bucketsFor(stream) })
    const restored = await restore({
      stream,
      fold: state,
      source: reader,
      stateTopic: topics.state,
      partition,
      committed: assignment.committed,
      delivery: stream.spec.delivery,
      onMismatch: options.onMismatch,
      resolve: (id) => options.resolve({ kind: 'schema', id }),
    })
    const task = new StreamTask({
      stream,
      fold: state,
      topics,
      partition,
      restored,
      inForce: champion.inForce,
      scored: (scores, count, threshold) => metrics.scored(name, scores, count, threshold),
    })
    live.set(partition, { task, fold: state, told: task.counts.slice() })
    log.info('partition-restored', {
      stream: name,
      partition,
      position: restored.position,
      replayed: restored.replayed,
    })
    return { task, position: restored.position }
  }

  const tell = (partition: number): void => {
    const known = live.get(partition)
    if (known === undefined) return
    const delta = new Float64Array(OUTCOMES)
    for (let i = 0; i < OUTCOMES; i++) {
      delta[i] = (known.task.counts[i] ?? 0) - (known.told[i] ?? 0)
      known.told[i] = known.task.counts[i] ?? 0
    }
    metrics.judged(name, delta)
    metrics.state(name, partition, known.fold.keys, known.fold.evictions)
    metrics.thresholdInForce(name, partition, known.task.thresholdRatio)
  }

  const tellChange = ({ value }: Message): void => {
    const event = eventOf(value)
    if (event === null || !isChange(event)) return
    if (event.kind === 'regime-changed') metrics.regimeChanged(name, 1)
    const { kind, partition, offset, thresholdBefore, thresholdAfter } = event
    log.warn(kind, { stream: name, partition, offset, thresholdBefore, thresholdAfter })
  }

  const on = (event: TaskEvent): void => {
    switch (event.kind) {
      case 'assigned':
        for (const partition of live.keys()) {
          if (event.partitions.includes(partition)) continue
          live.delete(partition)
          vitals.gone(part(partition))
          metrics.released(name, partition)
        }
        vitals.gone(name)
        for (const partition of event.partitions)
          if (!live.has(partition)) vitals.starting(part(partition), 'its state')
        log.info('partitions-assigned', { stream: name, partitions: event.partitions.join(',') })
        break
      case 'live':
        vitals.moved(part(event.partition))
        log.info('partition-live', { stream: name, partition: event.partition, position: event.position })
        break
      case 'committing':
        log.debug('committing', { stream: name, partition: event.partition, offset: event.offset })
        break
      case 'committed': {
        log.debug('committed', { stream: name, partition: event.partition, offset: event.offset })
        vitals.moved(part(event.partition))
        tell(event.partition)
        const timeMs = live.get(event.partition)?.task.timestampMs ?? null
        metrics.committed(name, event.partition, event.durationMs, timeMs)
        const alerts = event.outputs.flatMap((message) => alertFacts(message) ?? [])
        if (alerts.length > 0) metrics.alerted(name, alerts)
        for (const message of event.outputs) if (message.topic === topics.events) tellChange(message)
        break
      }
      case 'discarded':
        live.delete(event.partition)
        vitals.starting(part(event.partition), 'its state')
        metrics.released(name, event.partition)
        log.warn('task-discarded', { stream: name, partition: event.partition, reason: event.reason })
        break
      case 'transaction':
        metrics.transaction(event.result)
        break
      case 'rebalanced':
        metrics.rebalanced()
        break
      case 'lag':
        vitals.waiting(part(event.partition), event.records)
        metrics.lag(name, event.partition, event.records)
        break
      case 'buffered':
        metrics.buffered(name, event.bytes, event.bytesMax)
        break
      case 'failed':
        log.error('scorer-failed', { stream: name, message: event.failure.message })
        break
      default:
        event satisfies never
    }
  }

  const running: Running = await bus.run({
    topic: stream.spec.source.topic,
    group: options.group,
    delivery: stream.spec.delivery,
    commitMsMin: options.commitMsMin,
    idleCommitMs: options.idleCommitMs,
    bufferedBytesMax: options.bufferedBytesMax,
    build,
    resolve: options.resolve,
    on,
  })
  // Nobody may be waiting for the end yet; whoever does gets the same failure.
  running.ended.catch((thrown: unknown) => vitals.failed(name, Failure.of(thrown, 'stopped').message))
  return {
    stop: async () => {
      await running.stop()
      for (const partition of live.keys()) tell(partition)
      await champion.stop()
    },
    ended: running.ended,
    counts: () => {
      const sum = new Float64Array(OUTCOMES)
      for (const { task } of live.values())
        for (let i = 0; i < OUTCOMES; i++) sum[i] = (sum[i] ?? 0) + (task.counts[i] ?? 0)
      return sum
    },
    get version() {
      return champion.inForce?.detector.version ?? null
    },
  }
}
