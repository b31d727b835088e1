// Feedback: what a person says of one record of a stream: that it is an anomaly, that it is not, that it was to be expected,
// or that it is how things are from now on. A message of the feedback topic, which is compacted by record: the last word on a
// record counts, and a message without a value takes the word back.
//   key    <stream>/<topic>/<partition>/<offset>, or <stream>/id/<source.id>
//   value  {"verdict":"anomaly","position":{"topic":"t","partition":0,"offset":7},"eventTime":1700000000000,
//           "by":"who","at":1700000100000,"note":null}, or with "id":"…" in the place of "position"
// Invariants
//   F1 what parses names one record, by a key that agrees with it, and a verdict of the closed set.
//   F2 anything else is a fault with its reason: nothing of it is guessed, since what is learnt depends on it.

import type { Message } from '../core/message.ts'

export const feedbackVerdicts = ['anomaly', 'expected', 'not-anomaly', 'new-trend'] as const
export type FeedbackVerdict = (typeof feedbackVerdicts)[number]

/** The record that is spoken of: by its position, or by the text of the field that the spec names as `source.id`. */
export type Subject =
  | { readonly kind: 'position'; readonly topic: string; readonly partition: number; readonly offset: number }
  | { readonly kind: 'id'; readonly id: string }

export interface Feedback {
  readonly verdict: FeedbackVerdict
  readonly subject: Subject
  /** When the record happened, ms; null where who speaks does not know. */
  readonly eventTimeMs: number | null
  readonly by: string
  readonly atMs: number
  readonly note: string | null
}

export const noteCharsMax = 1_000
const byCharsMax = 200
const idCharsMax = 500

/** Feedback, or what is wrong with what was to be some. */
export type Heard = Feedback | { readonly kind: 'fault'; readonly reason: string }

export function feedbackKey(stream: string, subject: Subject): string {
  return subject.kind === 'id'
    ? `${stream}/id/${subject.id}`
    : `${stream}/${subject.topic}/${subject.partition}/${subject.offset}`
}

export function feedbackMessage(topic: string, stream: string, feedback: Feedback): Message {
  const text = new TextEncoder()
  return {
    topic,
    partition: null,
    key: text.encode(feedbackKey(stream, feedback.subject)),
    value: text.encode(JSON.stringify(feedbackJson(feedback))),
    headers: [['content-type', text.encode('application/json')]],
    timestampMs: feedback.atMs,
  }
}

export function feedbackJson({ verdict, subject, eventTimeMs, by, atMs, note }: Feedback): Record<string, unknown> {
  const record =
    subject.kind === 'id'
      ? { id: subject.id }
      : { position: { topic: subject.topic, partition: subject.partition, offset: subject.offset } }
  return { verdict, ...record, eventTime: eventTimeMs, by, at: atMs, note }
}

const fields = ['verdict', 'position', 'id', 'eventTime', 'by', 'at', 'note'] as const
const positionFields = ['topic', 'partition', 'offset'] as const

/** Feedback from JSON that came from outside. */
export function feedbackOf(json: unknown): Heard {
  const faults: string[] = []
  const fault = (what: string): void => void faults.push(what)
  const said = objectOf(json, fields, 'it', fault)
  const verdict = feedbackVerdicts.find((each) => each === said['verdict'])
  if (verdict === undefined) fault(`verdict is ${shown(said['verdict'])}, not one of ${feedbackVerdicts.join(', ')}`)
  const subject = subjectOf(said, fault)
  const eventTimeMs = said['eventTime'] ?? null
  if (eventTimeMs !== null && !isTime(eventTimeMs)) fault(`eventTime is ${shown(eventTimeMs)}, not milliseconds`)
  const { by, at } = said
  if (!isText(by, 1, byCharsMax)) fault(`by is ${shown(by)}, not a text of 1 to ${byCharsMax} characters`)
  if (!isTime(at)) fault(`at is ${shown(at)}, not milliseconds`)
  const note = said['note'] ?? null
  if (note !== null && !isText(note, 0, noteCharsMax)) fault(`note is no text of at most ${noteCharsMax} characters`)
  if (faults.length > 0 || verdict === undefined || subject === null)
    return { kind: 'fault', reason: faults.join('; ') || 'it is no feedback' }
  return {
    verdict,
    subject,
    eventTimeMs: eventTimeMs as number | null,
    by: by as string,
    atMs: at as number,
    note: note as string | null,
  }
}

type Said = Readonly<Record<string, unknown>>

function subjectOf(said: Said, fault: (what: string) => void): Subject | null {
  const { position, id } = said
  if ((position === undefined) === (id === undefined)) {
    fault('either position or id says which record')
    return null
  }
  if (id !== undefined) {
    if (isText(id, 1, idCharsMax)) return { kind: 'id', id }
    fault(`id is ${shown(id)}, not a text of 1 to ${idCharsMax} characters`)
    return null
  }
  const { topic, partition, offset } = objectOf(position, positionFields, 'position', fault)
  if (isText(topic, 1, 249) && isCount(partition) && isCount(offset))
    return { kind: 'position', topic, partition, offset }
  fault(`position is ${shown(position)}, not {topic, partition, offset}`)
  return null
}

function objectOf(json: unknown, known: readonly string[], path: string, fault: (what: string) => void): Said {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    fault(`${path} is ${shown(json)}, not an object`)
    return {}
  }
  for (const name of Object.keys(json)) if (!known.includes(name)) fault(`${path} has no field ${shown(name)}`)
  return json as Said
}

function isText(value: unknown, min: number, max: number): value is string {
  return typeof value === 'string' && value.length >= min && value.length <= max
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

function shown(value: unknown): string {
  return value === undefined ? 'absent' : (JSON.stringify(value)?.slice(0, 60) ?? 'absent')
}
