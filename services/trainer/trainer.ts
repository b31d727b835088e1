// Trainer: decides when to train, has it done in a worker, and publishes what passes the gate. Owns the schedule; the work
// is in train.ts, the compare-and-set in promote.ts.
// Invariants
//   N1 one training at a time in this process; the next run of a stream is measured from the end of its last.
//   N2 a failed, refused or killed training leaves nothing visible but its event (I14).
//   N3 without a champion, a stream is trained as soon as its topic holds rowsMin records; refusals back off.

import { eventMessage } from '../../libs/alert/events.ts'
import type { Topics } from '../../libs/alert/topics.ts'
import type { Bus } from '../../libs/bus/bus.ts'
import type { Clock } from '../../libs/core/clock.ts'
import { Failure } from '../../libs/core/failure.ts'
import type { Random } from '../../libs/core/random.ts'
import { keyBytes } from '../../libs/core/records.ts'
import type { Log } from '../../libs/run/log.ts'
import type { Metrics } from '../../libs/run/metrics.ts'
import type { Vitals } from '../../libs/run/vitals.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { promote, readPublications } from './promote.ts'
import type { Trained, TrainRequest } from './train.ts'

export interface TrainerOptions {
  readonly bus: Bus
  readonly streams: readonly { readonly stream: Stream; readonly topics: Topics }[]
  readonly prefix: string
  readonly metrics: Metrics
  readonly vitals: Vitals
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
  readonly seed: number
  /** Runs one training off the loop; rejects with a Failure. */
  readonly work: (request: TrainRequest) => Promise<Trained>
}

export interface Trainer {
  stop(): Promise<void>
}

/** How often the schedule is looked at, ms. */
const pollMs = 500
const backoffMsMin = 5_000
/** Share of the interval by which runs are spread. */
const jitter = 0.1

interface Plan {
  readonly stream: Stream
  readonly topics: Topics
  /** Wall time of the next run; null = as soon as there are enough records. */
  dueMs: number | null
  failures: number
  runs: number
}

export async function trainer(options: TrainerOptions): Promise<Trainer> {
  const { bus, clock, vitals } = options
  vitals.starting('trainer', 'what is published')
  const plans: Plan[] = []
  for (const { stream, topics } of options.streams) {
    const pointer = (await readPublications(bus, topics.detectors)).pointer(stream.spec.stream)
    const trained = pointer !== null && pointer.revision === stream.revision
    const dueMs = trained ? pointer.publishedMs + stream.spec.training.everyMs : null
    plans.push({ stream, topics, dueMs, failures: 0, runs: 0 })
  }
  const topics = options.streams[0]?.topics
  const control =
    topics === undefined
      ? null
      : await followRequests(bus, topics.control, (name) => {
          for (const plan of plans) if (plan.stream.spec.stream === name) plan.dueMs = clock.nowMs()
        })
  let stopped = false
  let cancel = (): void => {}
  let working: Promise<void> = Promise.resolve()
  const turn = async (): Promise<void> => {
    for (const plan of plans) if (!stopped && (await isDue(options, plan))) await run(options, plan)
    vitals.moved('trainer')
  }
  const schedule = (): void => {
    if (stopped) return
    cancel = clock.after(pollMs, () => {
      working = turn()
        .catch((thrown) => {
          const failure = Failure.of(thrown, 'training-failed')
          // A restart would not help: it goes on asking, and says that it is not ready.
          vitals.starting('trainer', `the log: ${failure.message}`)
          options.log.error('trainer-failed', { code: failure.code, message: failure.message })
        })
        .then(schedule)
    })
  }
  schedule()
  vitals.moved('trainer')
  return {
    stop: async () => {
      stopped = true
      cancel()
      await control?.stop()
      await working
    },
  }
}

async function followRequests(
  bus: Bus,
  topic: string,
  asked: (stream: string) => void,
): Promise<{ stop(): Promise<void> }> {
  let past = true
  const following = await bus.follow(topic, (_partition, records) => {
    // Requests made before this process started were for another.
    if (past) return
    for (let i = 0; i < records.count; i++) asked(new TextDecoder().decode(keyBytes(records, i) ?? new Uint8Array(0)))
  })
  await following.caughtUp
  past = false
  return following
}

async function isDue(options: TrainerOptions, plan: Plan): Promise<boolean> {
  if (plan.dueMs !== null) return options.clock.nowMs() >= plan.dueMs
  const { spec } = plan.stream
  let records = 0
  for (let partition = 0; partition < (await options.bus.partitions(spec.source.topic)); partition++) {
    const range = await options.bus.range(spec.source.topic, partition)
    records += range.next - range.first
  }
  options.metrics.learning(spec.stream, records, spec.training.rowsMin)
  return records >= spec.training.rowsMin
}

async function run(options: TrainerOptions, plan: Plan): Promise<void> {
  const { bus, clock, log, metrics, random } = options
  const { stream, topics } = plan
  const name = stream.spec.stream
  const startedMs = clock.elapsedMs()
  const durationMs = (): number => clock.elapsedMs() - startedMs
  log.info('training-started', { stream: name })
  plan.runs += 1
  try {
    const champion = (await readPublications(bus, topics.detectors)).champion(name)
    const incumbent = champion !== null && champion.pointer.revision === stream.revision ? champion : null
    const trained = await options.work({
      spec: stream.spec,
      topics,
      incumbent: incumbent === null ? null : { version: incumbent.pointer.version, artefact: incumbent.artefact },
      seed: (options.seed + plan.runs - 1) >>> 0,
      nowMs: clock.nowMs(),
    })
    if (trained.gate.verdict === 'refuse') {
      metrics.trained(name, 'refused', trained.gate.refusedBy, durationMs())
      log.warn('training-refused', { stream: name, reasons: trained.gate.reasons.join('; ') })
      await bus.publish([
        eventMessage(topics.events, {
          kind: 'refused',
          stream: name,
          version: trained.version,
          gate: trained.gate.refusedBy,
          reason: trained.gate.reasons.join('; '),
          atMs: clock.nowMs(),
        }),
      ])
      plan.failures += incumbent === null ? 1 : 0
    } else {
      await promote({
        bus,
        topics,
        prefix: options.prefix,
        stream: name,
        revision: stream.revision,
        version: trained.version,
        artefact: trained.artefact,
        expected: champion?.pointer.version ?? null,
        threshold: null,
        by: 'trainer',
        nowMs: clock.nowMs(),
      })
      metrics.trained(name, 'promoted', 'none', durationMs())
      log.info('detector-promoted', { stream: name, version: trained.version, durationMs: Math.round(durationMs()) })
      plan.failures = 0
    }
  } catch (thrown) {
    const failure = Failure.of(thrown, 'training-failed')
    if (failure.code === 'stopped') return
    plan.failures += 1
    metrics.trained(name, 'failed', 'none', durationMs())
    log.error('training-failed', { stream: name, code: failure.code, message: failure.message })
  }
  const { everyMs } = stream.spec.training
  const waitMs = plan.failures === 0 ? everyMs : Math.min(everyMs, backoffMsMin * 2 ** (plan.failures - 1))
  plan.dueMs = clock.nowMs() + waitMs * (1 - jitter + 2 * jitter * random.uniform())
}
