// Events: what the services decided, as JSON on the events topic, keyed by stream. The kinds are a closed set.
// A consumer meets kinds of a newer version; `eventOf` answers null for what it does not know, it does not fail.

import type { Message } from '../core/message.ts'
import type { TailKind } from '../stream/spec.ts'

interface Common {
  readonly stream: string
  readonly atMs: number
}

interface Threshold {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly version: string
  readonly thresholdBefore: number
  readonly thresholdAfter: number
}

export type Event =
  /** From `offset` on, this partition is judged by this version and threshold (null: by none), with a tail of this kind. */
  | (Common & {
      readonly kind: 'detector-switched'
      readonly topic: string
      readonly partition: number
      readonly offset: number
      readonly version: string | null
      readonly threshold: number | null
      readonly tail: TailKind
    })
  /** What is normal has changed: from `offset` on, this partition is judged by `thresholdAfter`. */
  | (Common &
      Threshold & {
        readonly kind: 'regime-changed'
        /** Share of rows that alarmed while it was found, and the share that should have. */
        readonly rate: number
        readonly budget: number
      })
  /** It is as the detector knows it again: from `offset` on, its own threshold judges. */
  | (Common & Threshold & { readonly kind: 'regime-returned' })
  | (Common & {
      readonly kind: 'trained'
      readonly version: string
      readonly rows: number
      readonly durationMs: number
      /** schedule, asked, regime-changed, drift. */
      readonly because: string
      /** Rows of the history that were not learnt from, by reason. */
      readonly dropped: Readonly<Record<string, number>>
      /** What people had said: labels in force, messages that are none, and the first of those with place and fault. */
      readonly labels: { readonly read: number; readonly faulty: number; readonly faults: readonly string[] }
    })
  /** Rows of late are not like those that the version learnt from; once for each time that this begins. */
  | (Common & {
      readonly kind: 'drifted'
      readonly version: string
      /** That have drifted, the furthest first. */
      readonly features: readonly string[]
      readonly scores: boolean
      /** Of the limit, of what has drifted furthest. */
      readonly ratio: number
      /** Event time at which the rows begin that were looked at. */
      readonly sinceMs: number
    })
  | (Common & {
      readonly kind: 'promoted'
      readonly version: string
      readonly previous: string | null
      /** trainer, promote, rollback. */
      readonly by: string
    })
  /** A candidate was not published; nothing changed. */
  | (Common & { readonly kind: 'refused'; readonly version: string; readonly gate: string; readonly reason: string })
  | (Common & { readonly kind: 'train-failed'; readonly code: string; readonly reason: string })
  /** A published artefact could not be taken into use; the old detector goes on. */
  | (Common & {
      readonly kind: 'artefact-refused'
      readonly version: string
      readonly code: string
      readonly reason: string
    })

/** The threshold of a partition changed because what is normal did. */
export type RegimeChange = Extract<Event, { readonly kind: 'regime-changed' | 'regime-returned' }>

export function isChange(event: Event): event is RegimeChange {
  return event.kind === 'regime-changed' || event.kind === 'regime-returned'
}

export type EventKind = Event['kind']
export const eventKinds: readonly EventKind[] = [
  'detector-switched',
  'regime-changed',
  'regime-returned',
  'trained',
  'drifted',
  'promoted',
  'refused',
  'train-failed',
  'artefact-refused',
]

export function eventMessage(topic: string, event: Event): Message {
  const text = new TextEncoder()
  return {
    topic,
    partition: null,
    key: text.encode(event.stream),
    value: text.encode(JSON.stringify(event)),
    headers: [['content-type', text.encode('application/json')]],
    timestampMs: event.atMs,
  }
}

export interface Switch {
  /** The events topic. */
  readonly topic: string
  readonly stream: string
  readonly inputTopic: string
  readonly partition: number
  readonly offset: number
  readonly version: string | null
  readonly threshold: number | null
  readonly tail: TailKind
  readonly timestampMs: number
}

export function detectorSwitched(change: Switch): Message {
  return eventMessage(change.topic, {
    kind: 'detector-switched',
    stream: change.stream,
    topic: change.inputTopic,
    partition: change.partition,
    offset: change.offset,
    version: change.version,
    threshold: change.threshold,
    tail: change.tail,
    atMs: change.timestampMs,
  })
}

/** The event in a message's value; null where it is none that this version knows. */
export function eventOf(value: Uint8Array | null): Event | null {
  if (value === null) return null
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder().decode(value))
  } catch {
    return null
  }
  return isEvent(parsed) ? parsed : null
}

function isEvent(value: unknown): value is Event {
  if (typeof value !== 'object' || value === null) return false
  const { kind, stream, atMs } = value as Partial<Record<'kind' | 'stream' | 'atMs', unknown>>
  return eventKinds.some((known) => known === kind) && typeof stream === 'string' && typeof atMs === 'number'
}
