// Lookout: watches one stream for drift: has a look taken now and then, tells the metrics, and says once, when drift begins,
// what has drifted. The look itself is in watch.ts.
// Invariants
//   L1 drift that begins is one event, however long it lasts and however often the trainer starts: it ends below calmRatio,
//      or with another detector.
//   L2 a look that fails says so on the log, changes nothing, and is taken again at its time.

import { type Event, eventMessage, eventOf } from '../../libs/alert/events.ts'
import type { Topics } from '../../libs/alert/topics.ts'
import type { Bus } from '../../libs/bus/bus.ts'
import { Failure } from '../../libs/core/failure.ts'
import { valueBytes } from '../../libs/core/records.ts'
import type { Log } from '../../libs/run/log.ts'
import type { Metrics } from '../../libs/run/metrics.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import type { Asked } from './request.ts'
import type { Watched, WatchRequest } from './watch.ts'

export interface LookoutOptions {
  readonly bus: Bus
  readonly stream: Stream
  readonly topics: Topics
  readonly metrics: Metrics
  readonly log: Log
  readonly nowMs: () => number
  /** Looks once, off the loop; rejects with a Failure. */
  readonly watch: (request: WatchRequest) => Promise<Watched>
}

/** Between two looks, ms. */
const lookMsMin = 30_000
/** Looks in the time from one training to the next, and in the length of what is looked at. */
const looksPerTraining = 8
const looksPerSpan = 2
/** Drift has ended below this share of its limit. */
const calmRatio = 0.8

export class Lookout {
  readonly #options: LookoutOptions
  #dueMs: number
  /** The version that drift was told of; null while there is none. */
  #toldOf: string | null = null
  #isFirst = true

  constructor(options: LookoutOptions) {
    this.#options = options
    this.#dueMs = options.nowMs() + lookMsMin
  }

  get isDue(): boolean {
    return this.#options.nowMs() >= this.#dueMs
  }

  /** Another detector serves: what was found of the last says nothing of it. */
  renew(): void {
    const { stream, metrics, nowMs } = this.#options
    metrics.driftUnknown(stream.spec.stream)
    this.#dueMs = nowMs() + lookMsMin
  }

  /** What is to be asked of the trainer; null where nothing new has drifted. `champion` null: nothing serves. */
  async look(champion: WatchRequest['champion'] | null): Promise<Asked | null> {
    const { stream, topics, metrics, log, nowMs, watch } = this.#options
    const { spec } = stream
    let waitMs = spec.training.everyMs / looksPerTraining
    try {
      if (champion === null) return null
      const watched = await watch({ spec, topics, champion })
      if (watched.kind === 'unknown') {
        metrics.driftUnknown(spec.stream)
        log.debug('drift-unknown', { stream: spec.stream, reason: watched.reason })
        return null
      }
      waitMs = Math.min(waitMs, watched.spanMs / looksPerSpan)
      return await this.#judge(champion.version, watched)
    } catch (thrown) {
      const failure = Failure.of(thrown, 'training-failed')
      if (failure.code !== 'stopped')
        log.warn('drift-look-failed', { stream: spec.stream, code: failure.code, message: failure.message })
      return null
    } finally {
      this.#dueMs = nowMs() + Math.max(lookMsMin, waitMs)
    }
  }

  async #judge(version: string, { drift }: Watched & { readonly kind: 'looked' }): Promise<Asked | null> {
    const { bus, stream, topics, metrics, log, nowMs } = this.#options
    const name = stream.spec.stream
    metrics.drifted(name, drift.features, drift.score.value, drift.ratio)
    if (drift.sinceMs === null) {
      if (drift.ratio >= calmRatio) return null
      this.#toldOf = null
      // What was told before is over, by whichever process.
      this.#isFirst = false
      return null
    }
    if (this.#isFirst) this.#toldOf ??= await this.#lastToldOf()
    this.#isFirst = false
    if (this.#toldOf === version) return null
    const event: Event = {
      kind: 'drifted',
      stream: name,
      version,
      features: drift.drifted,
      scores: drift.score.ratio > 1,
      ratio: drift.ratio,
      sinceMs: drift.sinceMs,
      atMs: nowMs(),
    }
    await bus.publish([eventMessage(topics.events, event)])
    this.#toldOf = version
    log.warn('drifted', { stream: name, version, features: drift.drifted.join(','), ratio: drift.ratio })
    return { because: 'drift', version, trend: drift.sinceMs }
  }

  /** Of the last such event, of this process or one before it. */
  async #lastToldOf(): Promise<string | null> {
    const { bus, stream, topics } = this.#options
    let version: string | null = null
    for (let partition = 0; partition < (await bus.partitions(topics.events)); partition++) {
      const range = await bus.range(topics.events, partition)
      for await (const records of bus.read(topics.events, partition, range.first, range.next)) {
        for (let i = 0; i < records.count; i++) {
          const event = eventOf(valueBytes(records, i))
          if (event?.kind === 'drifted' && event.stream === stream.spec.stream) version = event.version
        }
      }
    }
    return version
  }
}
