// Trainer: decides when to train, has it done in a worker, and publishes what passes the gate. Owns the schedule; the work
// is in train.ts, the compare-and-set in promote.ts, what drift is in lookout.ts.
// Invariants
//   N1 one training at a time in this process; the next run of a stream is measured from the end of its last.
//   N2 a failed, refused or killed training leaves nothing visible but its event (I14).
//   N3 without a champion, a stream is trained as soon as its topic holds rowsMin records; refusals back off.
//   N4 who asks while a training runs is heard after it, unless it was asked for by the same reason and version.

import type { Topics } from '../../libs/alert/topics.ts'
import type { Bus } from '../../libs/bus/bus.ts'
import type { Clock } from '../../libs/core/clock.ts'
import { Failure } from '../../libs/core/failure.ts'
import type { Random } from '../../libs/core/random.ts'
import { gateReasons } from '../../libs/detector/gate.ts'
import type { Champion } from '../../libs/detector/publication.ts'
import type { Log } from '../../libs/run/log.ts'
import type { Metrics } from '../../libs/run/metrics.ts'
import type { Vitals } from '../../libs/run/vitals.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { Lookout } from './lookout.ts'
import { publishFailure, publishTrained } from './outcome.ts'
import { readPublications } from './promote.ts'
import { type Asked, mergedRequest, requestsIn } from './request.ts'
import type { Trained, TrainRequest } from './train.ts'
import type { Watched, WatchRequest } from './watch.ts'

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
  /** Looks for drift off the loop; rejects with a Failure. */
  readonly watch: (request: WatchRequest) => Promise<Watched>
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
  readonly lookout: Lookout
  /** Wall time of the next run; null = as soon as there are enough records. */
  dueMs: number | null
  /** What waits to be done before that. */
  asked: Asked | null
  /** What the last run was asked for and failed to do. */
  again: Asked | null
  failures: number
  runs: number
}

export async function trainer(options: TrainerOptions): Promise<Trainer> {
  const { bus, clock, vitals, metrics, log, watch } = options
  vitals.starting('trainer', 'what is published')
  const plans: Plan[] = []
  for (const { stream, topics } of options.streams) {
    const pointer = (await readPublications(bus, topics.detectors)).pointer(stream.spec.stream)
    const trained = pointer !== null && pointer.revision === stream.revision
    const dueMs = trained ? pointer.publishedMs + stream.spec.training.everyMs : null
    const lookout = new Lookout({ bus, stream, topics, metrics, log, watch, nowMs: () => clock.nowMs() })
    metrics.trainable(stream.spec.stream, gateReasons)
    plans.push({ stream, topics, lookout, dueMs, asked: null, again: null, failures: 0, runs: 0 })
  }
  const topics = options.streams[0]?.topics
  const control =
    topics === undefined
      ? null
      : await followRequests(bus, topics.control, (name, asked) => {
          for (const plan of plans) if (plan.stream.spec.stream === name) plan.asked = mergedRequest(plan.asked, asked)
        })
  let stopped = false
  let cancel = (): void => {}
  let working: Promise<void> = Promise.resolve()
  const turn = async (): Promise<void> => {
    for (const plan of plans) {
      if (!stopped && plan.lookout.isDue) await lookFor(options, plan)
      if (!stopped && (await isDue(options, plan))) await run(options, plan)
    }
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
          log.error('trainer-failed', { code: failure.code, message: failure.message })
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
  heard: (stream: string, asked: Asked) => void,
): Promise<{ stop(): Promise<void> }> {
  let past = true
  const following = await bus.follow(topic, (_partition, records) => {
    // Requests made before this process started were for another.
    if (past) return
    for (const { stream, asked } of requestsIn(records)) heard(stream, asked)
  })
  await following.caughtUp
  past = false
  return following
}

async function championOf(bus: Bus, { stream, topics }: Plan): Promise<Served> {
  const champion = (await readPublications(bus, topics.detectors)).champion(stream.spec.stream)
  return { champion, incumbent: champion !== null && champion.pointer.revision === stream.revision ? champion : null }
}

interface Served {
  readonly champion: Champion | null
  /** The champion, where it understands the stream's rows. */
  readonly incumbent: Champion | null
}

async function lookFor({ bus }: TrainerOptions, plan: Plan): Promise<void> {
  const { incumbent } = await championOf(bus, plan)
  const asked = await plan.lookout.look(incumbent === null ? null : versionOf(incumbent))
  if (asked !== null) plan.asked = mergedRequest(plan.asked, asked)
}

function versionOf({ pointer, artefact }: Champion): WatchRequest['champion'] {
  return { version: pointer.version, artefact }
}

async function isDue(options: TrainerOptions, plan: Plan): Promise<boolean> {
  if (plan.asked !== null) return true
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
  const { bus, clock, log, metrics, random, prefix } = options
  const { stream, topics } = plan
  const isAgain = plan.asked === null && plan.again !== null
  const asked = plan.asked ?? plan.again
  const name = stream.spec.stream
  const startedMs = clock.elapsedMs()
  const durationMs = (): number => clock.elapsedMs() - startedMs
  plan.asked = null
  plan.again = null
  try {
    const { champion, incumbent } = await championOf(bus, plan)
    if (asked !== null && asked.version !== null && asked.version !== incumbent?.pointer.version) {
      log.info('training-needless', { stream: name, because: asked.because, version: asked.version })
      if (!isAgain) return
      // It was due for this alone, and who put another detector there did not ask for a training.
      plan.failures = 0
      settle(plan, asked, clock.nowMs(), random)
      return
    }
    const because = asked?.because ?? 'schedule'
    log.info('training-started', { stream: name, because })
    plan.runs += 1
    const trained = await options.work({
      spec: stream.spec,
      topics,
      incumbent: incumbent === null ? null : versionOf(incumbent),
      seed: (options.seed + plan.runs - 1) >>> 0,
      nowMs: clock.nowMs(),
      ...(asked === null || asked.trend === null ? {} : { trend: asked.trend }),
    })
    const expected = champion?.pointer.version ?? null
    const outcome = { bus, topics, prefix, stream, trained, expected, because, nowMs: clock.nowMs() }
    const result = await publishTrained({ ...outcome, durationMs: durationMs() })
    metrics.trained(name, result, trained.gate.refusedBy, durationMs())
    if (result === 'promoted') {
      log.info('detector-promoted', { stream: name, version: trained.version, durationMs: Math.round(durationMs()) })
      plan.failures = 0
      plan.lookout.renew()
    } else {
      log.warn('training-refused', { stream: name, reasons: trained.gate.reasons.join('; ') })
      // With an incumbent there is time: the next is due as ever.
      plan.failures = incumbent === null ? plan.failures + 1 : 0
    }
  } catch (thrown) {
    const failure = Failure.of(thrown, 'training-failed')
    if (failure.code === 'stopped') return
    plan.failures += 1
    plan.again = asked
    metrics.trained(name, 'failed', 'none', durationMs())
    log.error('training-failed', { stream: name, code: failure.code, message: failure.message })
    await publishFailure({ bus, topics, stream, failure, nowMs: clock.nowMs() }, log)
  }
  settle(plan, asked, clock.nowMs(), random)
}

/** When the stream is trained next. */
function settle(plan: Plan, done: Asked | null, nowMs: number, random: Random): void {
  const { everyMs } = plan.stream.spec.training
  const waitMs = plan.failures === 0 ? everyMs : Math.min(everyMs, backoffMsMin * 2 ** (plan.failures - 1))
  plan.dueMs = nowMs + waitMs * (1 - jitter + 2 * jitter * random.uniform())
  if (done !== null && plan.asked?.because === done.because && plan.asked.version === done.version) plan.asked = null
}
