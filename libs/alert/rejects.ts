// Rejects: records that could not be judged, with their bytes and headers untouched and the reason in headers beside them,
// in the form that Kafka Connect's dead letter queues use, so that existing tools show them.
// Invariants
//   R1 key, value and the record's own headers come out of `rejectOf` as they went into `rejectMessage`, in order.
//   R2 no header holds anything of the record's content.
// A record that was rejected before and sent again carries old headers of the same names: the last one of a name is ours.

import type { Header, Message } from '../core/message.ts'
import { headersOf, keyBytes, type Records, valueBytes } from '../core/records.ts'
import { type RejectReason, rejectReasons } from '../core/verdict.ts'
import { isoTime, positionId } from './position.ts'

export interface Rejection {
  /** The rejects topic. */
  readonly topic: string
  readonly stream: string
  readonly inputTopic: string
  readonly partition: number
  readonly records: Records
  readonly index: number
  readonly reason: RejectReason
  /** Of the detector in force, null if there is none. */
  readonly version: string | null
  /** Of the schema that the record names, null if it names none. */
  readonly schemaId: number | null
}

type RejectStage = 'decode' | 'featurize' | 'score'

const meanings: Record<RejectReason, { readonly stage: RejectStage; readonly message: string }> = {
  undecodable: { stage: 'decode', message: 'the bytes do not follow the schema or are not JSON of the expected shape' },
  'unknown-schema': { stage: 'decode', message: 'the registry has no schema of this id' },
  'wrong-key': { stage: 'decode', message: 'the key of the record is absent or differs from its key field' },
  'not-finite': { stage: 'decode', message: 'a wanted field is NaN, infinite or beyond 1e15' },
  imprecise: { stage: 'decode', message: 'an integer is too large to be exact' },
  missing: { stage: 'featurize', message: 'a wanted field is null or absent' },
  future: { stage: 'featurize', message: 'the event time is more than an hour after the timestamp of the record' },
  'too-large': { stage: 'decode', message: 'the record is larger than the limit' },
  'batch-too-large': { stage: 'decode', message: 'the batch inflates beyond the limit' },
  killer: { stage: 'score', message: 'the process died repeatedly at this record' },
}

const CONNECT = '__connect.errors.'
const REJECT_TYPE = 'plumbline.reject'
const SCHEMA_ID = 'plumbline-schema-id'

export function rejectMessage(rejection: Rejection): Message {
  const { records, index, stream, inputTopic, partition, reason } = rejection
  const offset = records.offsets[index] ?? 0
  const timestampMs = records.timestampsMs[index] ?? 0
  const { stage, message } = meanings[reason]
  const added: [string, string][] = [
    [`${CONNECT}topic`, inputTopic],
    [`${CONNECT}partition`, String(partition)],
    [`${CONNECT}offset`, String(offset)],
    [`${CONNECT}connector.name`, `plumbline/${stream}`],
    [`${CONNECT}task.id`, String(partition)],
    [`${CONNECT}stage`, stage],
    [`${CONNECT}class.name`, 'plumbline'],
    [`${CONNECT}exception.class.name`, reason],
    [`${CONNECT}exception.message`, message],
    ['ce_specversion', '1.0'],
    ['ce_id', positionId(stream, inputTopic, partition, offset)],
    ['ce_type', REJECT_TYPE],
    ['ce_source', `/plumbline/${stream}`],
    ['ce_time', isoTime(timestampMs)],
  ]
  if (rejection.version !== null) added.push(['plumbline-detector', rejection.version])
  if (rejection.schemaId !== null) added.push([SCHEMA_ID, String(rejection.schemaId)])
  const encoder = new TextEncoder()
  const ours = added.map(([name, value]): Header => [name, encoder.encode(value)])
  return {
    topic: rejection.topic,
    partition: null,
    key: keyBytes(records, index),
    value: valueBytes(records, index),
    headers: [...headersOf(records, index), ...ours],
    timestampMs,
  }
}

/** A rejected record, picked apart again. */
export interface Reject {
  readonly id: string
  readonly stream: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly stage: string
  readonly reason: RejectReason
  readonly message: string
  readonly version: string | null
  readonly schemaId: number | null
  readonly timestampMs: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** The record's own headers. */
  readonly headers: readonly Header[]
}

/** The reject in record `index` of a run of the rejects topic; null where it is none. */
export function rejectOf(records: Records, index: number): Reject | null {
  const all = headersOf(records, index)
  const first = all.findLastIndex(([name]) => name === `${CONNECT}topic`)
  if (first < 0) return null
  const decoder = new TextDecoder()
  const texts = new Map<string, string>()
  for (const [name, value] of all.slice(first)) texts.set(name, value === null ? '' : decoder.decode(value))
  const connect = (name: string): string => texts.get(`${CONNECT}${name}`) ?? ''
  const reason = rejectReasons.find((each) => each === connect('exception.class.name'))
  const source = connect('connector.name')
  if (reason === undefined || !source.startsWith('plumbline/') || texts.get('ce_type') !== REJECT_TYPE) return null
  return {
    id: texts.get('ce_id') ?? '',
    stream: source.slice('plumbline/'.length),
    topic: connect('topic'),
    partition: Number(connect('partition')),
    offset: Number(connect('offset')),
    stage: connect('stage'),
    reason,
    message: connect('exception.message'),
    version: texts.get('plumbline-detector') ?? null,
    schemaId: texts.has(SCHEMA_ID) ? Number(texts.get(SCHEMA_ID)) : null,
    timestampMs: records.timestampsMs[index] ?? 0,
    key: keyBytes(records, index),
    value: valueBytes(records, index),
    headers: all.slice(0, first),
  }
}
