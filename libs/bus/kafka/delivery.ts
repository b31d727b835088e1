// Delivery: what one fetch brought of one partition, whichever reader read it: ours (FetchedBatch), or the client's own
// where ours is not in place. Owns no state.

import type { Batch, KafkaMessage } from 'kafkajs'
import type { Header } from '../../core/message.ts'
import { type PlainRecord, recordsOf } from '../../core/records.ts'
import type { Fetched } from '../fetched.ts'
import { FetchedBatch } from './fetched-batch.ts'

export interface Delivery extends Fetched {
  readonly topic: string
  readonly partition: number
  readonly highWatermark: string
}

/** kafkajs gives its handler what stands in place of its class Batch, typed as Batch. */
export function deliveryOf(batch: Batch | FetchedBatch): Delivery {
  return batch instanceof FetchedBatch ? batch : fromMessages(batch)
}

function fromMessages(batch: Batch): Delivery {
  const first = Number(batch.firstOffset() ?? 0)
  const from = 'fetchedOffset' in batch ? Number(batch.fetchedOffset) : first
  // The offsets of control and aborted records are passed too; kafkajs keeps them where its types do not say.
  const raw = 'rawMessages' in batch && Array.isArray(batch.rawMessages) ? batch.rawMessages.at(-1) : undefined
  const next = Math.max(from, Number(raw?.offset ?? from - 1) + 1)
  let bytes = 0
  for (const message of batch.messages) bytes += (message.key?.length ?? 0) + (message.value?.length ?? 0)
  const records = { ...recordsOf(batch.messages.map(plain), from), nextOffset: next }
  return {
    topic: batch.topic,
    partition: batch.partition,
    from,
    next,
    bytes,
    highWatermark: batch.highWatermark,
    runs: [{ kind: 'records', records }],
  }
}

function plain(message: KafkaMessage): PlainRecord {
  const headers: Header[] = []
  for (const [name, values] of Object.entries(message.headers ?? {})) {
    for (const value of Array.isArray(values) ? values : [values]) {
      headers.push([name, value === undefined || value === null ? null : Buffer.from(value)])
    }
  }
  return {
    key: message.key,
    value: message.value,
    timestampMs: Number(message.timestamp),
    offset: Number(message.offset),
    headers,
  }
}
