// Log: append to and read from the partitions in a store, as record batches behind a small prefix. Owns where the next
// record of each partition goes; the disk owns everything else.
// Invariants
//   G1 offsets ascend by one from append to append; an append that fails leaves a gap, never a reused offset.
//   G2 a stored value is `prefix, batch`: greatest timestamp of the partition up to and with this batch (8 bytes, which
//      never falls from batch to batch, so that time can be searched), time of appending (8 bytes, for retention).
//   G3 what is read is a copy: LMDB's pages are never seen outside.

import { Failure } from '../../core/failure.ts'
import type { Message } from '../../core/message.ts'
import type { PartitionRange } from '../bus.ts'
import { batchesIn } from '../record-batch.ts'
import { batchOf } from '../record-writer.ts'
import type { HeadRow, Store, TopicRow } from './store.ts'

export const PREFIX_BYTES = 16
/** A stored batch holds at most this, so that LMDB finds room for it and retention has small steps. */
const BATCH_MESSAGES_MAX = 2000
const BATCH_BYTES = 256 * 1024

/** Messages made ready to be written in one transaction. */
export interface Appending {
  readonly baseOffset: number
  /** Call within `Store.write`. */
  write(): void
}

export type TopicPlace = Pick<TopicRow, 'id' | 'partitions'>

/** Whole batches as they lie in the log. */
export interface Chunk {
  readonly bytes: Uint8Array
  /** The position after the last batch. */
  readonly next: number
}

export class Log {
  readonly #store: Store
  readonly #heads = new Map<string, HeadRow>()
  readonly #topics = new Map<string, TopicPlace>()
  readonly #appended = new Map<string, number>()

  constructor(store: Store) {
    this.#store = store
  }

  /** Number and partitions of a topic, which never change once it exists. */
  topic(name: string): TopicPlace {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const row = this.#store.topics.get(name)
    if (row === undefined) {
      throw new Failure('topic-missing', `topic "${name}" does not exist in the embedded log; create it first`)
    }
    this.#topics.set(name, row)
    return row
  }

  /** Bytes appended to a partition since this process opened the log. */
  appendedBytes(topic: number, partition: number): number {
    return this.#appended.get(`${topic}/${partition}`) ?? 0
  }

  range(topic: string, partition: number): PartitionRange {
    const { first, next } = this.#head(this.topic(topic), partition)
    return { first, next }
  }

  #head(topic: TopicPlace, partition: number): HeadRow {
    return this.#store.heads.get([topic.id, partition]) ?? { first: 0, next: 0, maxTimestampMs: -1 }
  }

  /** Takes the offsets and packs the batches; nothing is visible before `write` was committed. */
  append(topicName: string, partition: number, messages: readonly Message[], nowMs: number): Appending {
    const topic = this.topic(topicName)
    if (partition < 0 || partition >= topic.partitions) {
      throw new Failure('topic-mismatch', `topic "${topicName}" has no partition ${partition}`)
    }
    const name = `${topic.id}/${partition}`
    const stored = this.#head(topic, partition)
    const taken = this.#heads.get(name)
    let head = taken === undefined || taken.next < stored.next ? stored : { ...taken, first: stored.first }
    const baseOffset = head.next
    const values: { readonly base: number; readonly value: Uint8Array }[] = []
    for (const batch of batched(messages)) {
      const base = head.next
      let maxTimestampMs = head.maxTimestampMs
      for (const { timestampMs } of batch) maxTimestampMs = Math.max(maxTimestampMs, timestampMs)
      values.push({ base, value: storedOf(batchOf(batch, base), maxTimestampMs, nowMs) })
      head = { first: head.first, next: base + batch.length, maxTimestampMs }
    }
    this.#heads.set(name, head)
    const bytes = values.reduce((sum, { value }) => sum + value.length, 0)
    this.#appended.set(name, (this.#appended.get(name) ?? 0) + bytes)
    const { next, maxTimestampMs } = head
    return {
      baseOffset,
      write: () => {
        for (const { base, value } of values) this.#store.batches.put([topic.id, partition, base], value)
        const { first } = this.#head(topic, partition)
        this.#store.heads.put([topic.id, partition], { first, next, maxTimestampMs })
      },
    }
  }

  /** Batches from the one that holds `from` on, about `bytesMax` of them, none that begins at or after `to`. */
  chunk(topic: TopicPlace, partition: number, from: number, to: number, bytesMax: number): Chunk | null {
    const start = this.#baseBelow(topic, partition, from) ?? from
    const pieces: Uint8Array[] = []
    let size = 0
    const range = { start: [topic.id, partition, start] as Key, end: [topic.id, partition, to] as Key }
    for (const { key, value } of this.#store.batches.getRange(range)) {
      const batch = value.subarray(PREFIX_BYTES)
      if (key[2] < from && endOf(batch) <= from) continue
      pieces.push(batch)
      size += batch.length
      if (size >= bytesMax) break
    }
    const last = pieces.at(-1)
    if (last === undefined) return null
    return { bytes: pieces.length === 1 ? last : Buffer.concat(pieces, size), next: endOf(last) }
  }

  /** The base of the first batch whose partition had seen a record at least as late as `timeMs`, or the end. */
  batchAt(topic: TopicPlace, partition: number, timeMs: number): number {
    let { first: low, next: high } = this.#head(topic, partition)
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const base = this.#baseBelow(topic, partition, middle)
      const value = base === null ? undefined : this.#store.batches.get([topic.id, partition, base])
      if (value !== undefined && maxTimestampMsOf(value) >= timeMs) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The base of the last batch that begins at or before `offset`. */
  #baseBelow(topic: TopicPlace, partition: number, offset: number): number | null {
    const range = { start: [topic.id, partition, offset] as Key, end: [topic.id, partition, -1] as Key }
    for (const [, , base] of this.#store.batches.getKeys({ ...range, reverse: true, limit: 1 })) return base
    return null
  }
}

type Key = [number, number, number]

export function endOf(batch: Uint8Array): number {
  return batchesIn(batch, 0, batch.length)[0]?.nextOffset ?? 0
}

export function maxTimestampMsOf(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset).getFloat64(0)
}

export function appendedMsOf(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset).getFloat64(8)
}

export function storedOf(batch: Uint8Array, maxTimestampMs: number, appendedMs: number): Uint8Array {
  const value = Buffer.allocUnsafe(PREFIX_BYTES + batch.length)
  value.writeDoubleBE(maxTimestampMs, 0)
  value.writeDoubleBE(appendedMs, 8)
  value.set(batch, PREFIX_BYTES)
  return value
}

function batched(messages: readonly Message[]): Message[][] {
  const batches: Message[][] = []
  let batch: Message[] = []
  let size = 0
  for (const message of messages) {
    batch.push(message)
    size += (message.key?.length ?? 0) + (message.value?.length ?? 0)
    if (size < BATCH_BYTES && batch.length < BATCH_MESSAGES_MAX) continue
    batches.push(batch)
    batch = []
    size = 0
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}
