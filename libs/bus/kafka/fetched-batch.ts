// Fetched batch: the bytes of one partition in one fetch, as our reader takes them in place of kafkajs' own. It stands where
// kafkajs has its class Batch, so it answers what kafkajs' loop asks of a batch, and gives us runs of records.
// Invariants
//   F1 no record becomes an object, and nothing is inflated before its run is asked for.
//   F2 `next` is the end of the last batch by its header: control batches, aborted records and what compaction
//      removed are passed, not waited for.
//   F3 a fetch that holds only those is not "empty": it reaches the handler, as a run without records.
//   F4 nothing here throws into kafkajs' fetch loop, which would retry for ever: bad bytes throw from `runs`.

import type { Fetched } from '../fetched.ts'
import { batchesIn, type RecordBatch } from '../record-batch.ts'
import { type AbortedTransaction, type Run, runsOf } from '../record-reader.ts'

/** The RECORDS field of a fetch response, not looked at yet. */
export class RawRecords {
  readonly bytes: Uint8Array
  readonly at: number
  readonly end: number

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }
}

/** What kafkajs gives of a partition in a fetch response. */
export interface PartitionData {
  readonly partition: number
  readonly highWatermark: string
  readonly lastStableOffset?: string
  readonly abortedTransactions?: readonly { readonly producerId: string; readonly firstOffset: string }[] | null
  readonly messages: unknown
}

export class FetchedBatch implements Fetched {
  readonly topic: string
  readonly partition: number
  readonly fetchedOffset: string
  readonly highWatermark: string
  /** kafkajs asks for its length only. */
  readonly messages: { readonly length: number }
  readonly from: number
  /** The offset after everything in this fetch; equals `from` where it brought nothing. */
  readonly next: number
  readonly bytes: number
  readonly #batches: readonly RecordBatch[]
  readonly #aborted: readonly AbortedTransaction[]
  readonly #fault: unknown

  constructor(topic: string, fetchedOffset: string, data: PartitionData) {
    this.topic = topic
    this.partition = data.partition
    this.fetchedOffset = fetchedOffset
    this.highWatermark = data.highWatermark
    this.from = Number(fetchedOffset)
    const read = readHeaders(data.messages)
    this.#batches = read.batches
    this.#fault = read.fault
    this.#aborted = (data.abortedTransactions ?? []).map((aborted) => ({
      producerId: Number(aborted.producerId),
      firstOffset: Number(aborted.firstOffset),
    }))
    const first = this.#batches[0]
    const last = this.#batches.at(-1)
    this.next = Math.max(this.from, last?.nextOffset ?? this.from)
    this.bytes = first === undefined || last === undefined ? 0 : last.end - first.at
    this.messages = { length: this.#batches.length }
  }

  /** The committed records from `from` on. Throws Failure('log-corrupt') where the bytes contradict themselves. */
  get runs(): Iterable<Run> {
    return this.#read()
  }

  *#read(): Generator<Run, void, undefined> {
    yield* runsOf(this.#batches, { from: this.from, aborted: this.#aborted })
    if (this.#fault !== null) throw this.#fault
  }

  get broken(): boolean {
    return this.#fault !== null
  }

  isEmpty(): boolean {
    return this.#batches.length === 0 && !this.broken
  }

  isEmptyIncludingFiltered(): boolean {
    return this.isEmpty()
  }

  isEmptyDueToFiltering(): boolean {
    return false
  }

  isEmptyControlRecord(): boolean {
    return false
  }

  isEmptyDueToLogCompactedMessages(): boolean {
    return false
  }

  firstOffset(): string | null {
    return this.isEmpty() ? null : this.fetchedOffset
  }

  lastOffset(): string {
    return String(this.isEmpty() ? Number(this.highWatermark) - 1 : this.next - 1)
  }

  offsetLag(): string {
    return String(Number(this.highWatermark) - 1 - Number(this.lastOffset()))
  }

  offsetLagLow(): string {
    return String(this.isEmpty() ? 0 : Number(this.highWatermark) - 1 - this.from)
  }
}

function readHeaders(messages: unknown): { batches: RecordBatch[]; fault: unknown } {
  if (!(messages instanceof RawRecords)) return { batches: [], fault: null }
  try {
    return { batches: batchesIn(messages.bytes, messages.at, messages.end), fault: null }
  } catch (fault) {
    return { batches: [], fault }
  }
}
