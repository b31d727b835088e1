// Serve: starts the services of a deployment in this process and stops them in order: what `up`, `demo`, `scorer` and `trainer`
// are made of. Owns the order of starting and draining, nothing else.

import { groupOf, type Topics, topicShapes, topics } from '../../libs/alert/topics.ts'
import type { Bus, TaskNeed } from '../../libs/bus/bus.ts'
import { Failure } from '../../libs/core/failure.ts'
import { Random } from '../../libs/core/random.ts'
import type { Metrics } from '../../libs/run/metrics.ts'
import { aborted, type DrainStep, drain } from '../../libs/run/shutdown.ts'
import type { Vitals } from '../../libs/run/vitals.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import type { OnMismatch } from '../../libs/task/restore.ts'
import { type Scorer, scorer } from '../scorer/scorer.ts'
import { trainer } from '../trainer/trainer.ts'
import { workshop } from '../trainer/work.ts'
import { readerSettings } from './bus-settings.ts'
import type { Context } from './context.ts'
import { registryAccess, registryLimits, schemaRegistry } from './schema-registry.ts'

export interface Served {
  readonly stream: Stream
  readonly topics: Topics
}

export function served(context: Context, streams: readonly Stream[]): Served[] {
  return streams.map((stream) => ({ stream, topics: topics(context.settings.prefix, stream.spec.stream) }))
}

/** Creates the topics that the streams need; on the embedded log their inputs too, which elsewhere belong to others. */
export async function prepareTopics(context: Context, bus: Bus, all: readonly Served[]): Promise<void> {
  const { settings } = context
  if (settings.brokers.length === 0) {
    await bus.ensureTopics(
      all.map(({ stream }) => ({
        topic: stream.spec.source.topic,
        partitions: settings.partitions,
        cleanup: 'delete',
        retentionMs: null,
      })),
    )
  }
  for (const { stream, topics: names } of all) {
    const partitions = await bus.partitions(stream.spec.source.topic)
    if (partitions === 0) {
      throw new Failure(
        'topic-missing',
        `${stream.spec.stream}: there is no topic ${stream.spec.source.topic}; create it, or correct source.topic in the spec`,
      )
    }
    await bus.ensureTopics(topicShapes(names, partitions))
  }
}

export interface Service {
  readonly name: string
  /** How long stopping may take before the next service is stopped. */
  readonly drainMsMax: number
  stop(): Promise<void>
  /** Rejects with what ended it; never resolves before `stop`. */
  readonly ended: Promise<void>
}

/** A commit under way may take as long as the client waits for a broker, and leaving the group comes after. */
const scorerDrainMsMax = 40_000
/** A training under way is ended, which a thread within native code notices late. */
const trainerDrainMsMax = 15_000
/** What has nothing on its way to disk or broker is given this. */
export const briefDrainMsMax = 5_000
const closeMsMax = 10_000

export async function startScorers(
  context: Context,
  bus: Bus,
  metrics: Metrics,
  vitals: Vitals,
  all: readonly Served[],
  onMismatch: OnMismatch,
): Promise<(Service & { readonly scorer: Scorer })[]> {
  const { settings, log } = context
  const started = []
  for (const { stream, topics: names } of all) {
    const registry = schemaRegistry(context, stream, metrics)
    const each = await scorer({
      bus,
      stream,
      topics: names,
      group: groupOf(settings.prefix, stream.spec.stream),
      metrics,
      vitals,
      log,
      commitMsMin: settings.commitMsMin,
      idleCommitMs: settings.idleCommitMs,
      bufferedBytesMax: settings.bufferedBytesMax,
      onMismatch,
      resolve: (need: TaskNeed) => registry(need.id),
    })
    started.push({
      name: `scorer of ${stream.spec.stream}`,
      drainMsMax: scorerDrainMsMax,
      scorer: each,
      stop: () => each.stop(),
      ended: each.ended,
    })
  }
  return started
}

export async function startTrainer(
  context: Context,
  bus: Bus,
  metrics: Metrics,
  vitals: Vitals,
  all: readonly Served[],
): Promise<Service> {
  const { settings, log, clock } = context
  const shop = workshop({
    bus: readerSettings(context),
    registryOf: (name) => {
      const found = all.find(({ stream }) => stream.spec.stream === name)
      const access = found === undefined ? null : registryAccess(settings, found.stream)
      return access === null ? null : { ...access, ...registryLimits }
    },
    onProgress: (stream, message) => context.progress(`${stream}: ${message}`),
  })
  const running = await trainer({
    bus,
    streams: all,
    prefix: settings.prefix,
    metrics,
    vitals,
    log,
    clock,
    random: new Random(settings.seed),
    seed: settings.seed,
    work: (request) => shop.work({ ...request, backend: settings.trainOn, code: context.version }),
    watch: (request) => shop.watch(request),
  })
  return {
    name: 'trainer',
    drainMsMax: trainerDrainMsMax,
    stop: async () => {
      // The schedule first, or it would begin the next stream's training when this one ends.
      const stopped = running.stop()
      await shop.stop()
      await stopped
    },
    ended: new Promise(() => {}),
  }
}

/**
 * Waits for the signal, or for the first service that ends by itself; then stops all in the order given and closes the bus.
 * Throws what ended a service, or Failure('timeout') where something did not stop in its time.
 */
export async function untilStopped(context: Context, bus: Bus, services: readonly Service[]): Promise<void> {
  const { log, clock } = context
  const signals = context.stopSignals()
  const ended = await firstEnd(signals.drain, services)
  log.info('draining', { reason: ended.kind === 'asked' ? String(signals.drain.reason) : 'a service failed' })
  const steps: DrainStep[] = services.map(({ name, drainMsMax, stop }) => ({ name, deadlineMs: drainMsMax, act: stop }))
  steps.push({ name: 'log', deadlineMs: closeMsMax, act: () => bus.close() })
  const drained = await drain(steps, clock, signals.atOnce)
  const bad = drained.filter(({ outcome }) => outcome !== 'done')
  for (const { name, outcome, durationMs, failure } of bad) {
    const message = failure === null ? undefined : Failure.of(failure, 'stopped').message
    log.warn('not-drained', { service: name, outcome, durationMs: Math.round(durationMs), message })
  }
  if (ended.kind === 'failed') throw ended.thrown
  const [first] = bad
  if (first === undefined) return
  throw Failure.of(
    first.failure ?? new Failure('timeout', `${first.name} did not stop within ${Math.round(first.durationMs)} ms`),
    'stopped',
  )
}

type End = { readonly kind: 'asked' } | { readonly kind: 'failed'; readonly thrown: unknown }

async function firstEnd(signal: AbortSignal, services: readonly Service[]): Promise<End> {
  try {
    await Promise.race([aborted(signal), ...services.map(({ ended }) => ended)])
    return { kind: 'asked' }
  } catch (thrown) {
    return { kind: 'failed', thrown }
  }
}
