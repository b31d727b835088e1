// Outcome: what becomes visible of a training that has ended: its event, and where the gate let it pass the new champion.

import { type Event, eventMessage } from '../../libs/alert/events.ts'
import type { Topics } from '../../libs/alert/topics.ts'
import type { Bus } from '../../libs/bus/bus.ts'
import { Failure } from '../../libs/core/failure.ts'
import type { Log } from '../../libs/run/log.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { promote } from './promote.ts'
import type { Trained } from './train.ts'

export interface Outcome {
  readonly bus: Bus
  readonly topics: Topics
  readonly prefix: string
  readonly stream: Stream
  readonly trained: Trained
  /** The champion that it was judged beside. */
  readonly expected: string | null
  readonly because: string
  readonly durationMs: number
  readonly nowMs: number
}

export async function publishTrained(outcome: Outcome): Promise<'promoted' | 'refused'> {
  const { bus, topics, stream, trained, nowMs } = outcome
  const common = { stream: stream.spec.stream, version: trained.version, atMs: nowMs }
  const { verdict, refusedBy, reasons } = trained.gate
  const said: Event = {
    ...common,
    kind: 'trained',
    rows: trained.rows,
    durationMs: Math.round(outcome.durationMs),
    because: outcome.because,
    dropped: trained.dropped,
    labels: trained.labels,
  }
  if (verdict === 'refuse') {
    const refused: Event = { ...common, kind: 'refused', gate: refusedBy, reason: reasons.join('; ') }
    await bus.publish([eventMessage(topics.events, said), eventMessage(topics.events, refused)])
    return 'refused'
  }
  await bus.publish([eventMessage(topics.events, said)])
  await promote({
    bus,
    topics,
    prefix: outcome.prefix,
    stream: stream.spec.stream,
    revision: stream.revision,
    version: trained.version,
    artefact: trained.artefact,
    expected: outcome.expected,
    threshold: null,
    by: 'trainer',
    nowMs,
  })
  return 'promoted'
}

export interface Failed {
  readonly bus: Bus
  readonly topics: Topics
  readonly stream: Stream
  readonly failure: Failure
  readonly nowMs: number
}

/** Where the log itself is what failed, the event is missing and the service's own log has it. */
export async function publishFailure({ bus, topics, stream, failure, nowMs }: Failed, log: Log): Promise<void> {
  const { code, message: reason } = failure
  const event: Event = { kind: 'train-failed', stream: stream.spec.stream, code, reason, atMs: nowMs }
  try {
    await bus.publish([eventMessage(topics.events, event)])
  } catch (thrown) {
    log.error('event-lost', { stream: stream.spec.stream, kind: event.kind, message: Failure.of(thrown, code).message })
  }
}
