// Checkpoint: which buckets a transaction carries, so that state is on the state topic a little at a time. Owns the pace and
// each bucket's offset; the fold owns the state.
// Invariants
//   K1 bucketOffsets[b] ≤ the offset judged so far, and the message of b on the topic, replayed from there, gives the state.
//   K2 a clean bucket advances without being written.
//   K3 on average at most stateBytesPerRecord bytes are written a record, so the records that a restore replays are bounded
//      by about twice the size of the state ÷ stateBytesPerRecord, whatever the speed of the stream.
// Paced by records and not by seconds: what a restore costs is records to replay, and a task has no clock.

import type { Message } from '../core/message.ts'
import type { Fold } from '../stream/fold.ts'

/** Bytes of state written a record judged, on average. */
export const stateBytesPerRecord = 64
/** A round over all buckets takes at least this many records; small states need not be written again and again. */
export const roundRecordsMin = 16_384
/** Most buckets in one transaction: each costs the client about 20 µs. */
export const bucketsPerCommitMax = 32

export class Checkpoint {
  readonly bucketOffsets: Float64Array
  readonly bucketWritten: Uint8Array
  readonly #fold: Fold
  readonly #topic: string
  readonly #partition: number
  readonly #revision: string
  #cursor: number
  #creditBytes = 0
  #records: number

  constructor(options: {
    readonly fold: Fold
    readonly topic: string
    readonly partition: number
    readonly revision: string
    readonly bucketOffsets: Float64Array
    readonly bucketWritten: Uint8Array
    /** Where judging goes on: lives that are shorter than a round go on with the bucket that waits longest. */
    readonly position: number
  }) {
    this.#fold = options.fold
    this.#topic = options.topic
    this.#partition = options.partition
    this.#revision = options.revision
    this.bucketOffsets = options.bucketOffsets
    this.bucketWritten = options.bucketWritten
    const least = this.bucketOffsets.reduce((from, offset) => Math.min(from, offset), options.position)
    this.#cursor = Math.max(0, this.bucketOffsets.indexOf(least))
    this.#records = Math.min(roundRecordsMin, options.position - least)
  }

  /** Notes that `count` more records were judged. */
  judged(count: number): void {
    this.#records = Math.min(this.#records + count, 2 * roundRecordsMin)
    this.#creditBytes = Math.min(this.#creditBytes + count * stateBytesPerRecord, 16 * 1024 * 1024)
  }

  /** The bucket messages for the commit at `nextOffset`. */
  messages(nextOffset: number, timestampMs: number): Message[] {
    const buckets = this.#fold.buckets
    const messages: Message[] = []
    let due = Math.min(Math.floor((this.#records * buckets) / roundRecordsMin), buckets)
    for (; due > 0 && this.#creditBytes > 0 && messages.length < bucketsPerCommitMax; due--) {
      this.#records -= roundRecordsMin / buckets
      const bucket = this.#cursor
      this.#cursor = (this.#cursor + 1) % buckets
      if (!this.#fold.isDirty(bucket)) continue
      const value = this.#fold.pack(bucket)
      this.#creditBytes -= value.length
      this.bucketOffsets[bucket] = nextOffset
      this.bucketWritten[bucket] = 1
      messages.push({
        topic: this.#topic,
        partition: this.#partition,
        key: bucketKey(this.#revision, bucket),
        value,
        headers: [],
        timestampMs,
      })
    }
    for (let bucket = 0; bucket < buckets; bucket++) {
      if (!this.#fold.isDirty(bucket)) this.bucketOffsets[bucket] = nextOffset
    }
    return messages
  }
}

export function bucketKey(revision: string, bucket: number | 'ledger'): Uint8Array {
  return new TextEncoder().encode(`${revision}/${bucket}`)
}
