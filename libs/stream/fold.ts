// Fold: the keyed state of one partition, and how a record changes it. The state at offset o is a function of spec and of
// the records before o, whoever computed it (I7): no score, no imputed value, no clock enters it.
// Keys fall into buckets by hash; a bucket is a fold by itself, with its own bound of keys and least-recently-used order.

import type { SchemaNeed } from '../codec/columns.ts'
import type { Records } from '../core/records.ts'

export interface Fold {
  readonly buckets: number
  /** Most records one call of `fold` takes. */
  readonly rowsMax: number
  /**
   * Folds records [from, to), at most rowsMax, and writes complete rows into `rows` (stride = stream.width, missing = NaN),
   * or nothing when `rows` is null. Answers the index reached: `to`, or less if `need` is set.
   */
  fold(records: Records, from: number, to: number, rows: Float32Array | null): number
  /** Of the last call: an outcome byte a record, [0, reached − from): NORMAL where a row was complete, WARMING, LATE or a rejection. */
  readonly outcomes: Uint8Array
  /** Of the last call: number of complete rows (also when `rows` was null). */
  readonly rowCount: number
  /** Of the last call, a row each: index of its record in the run. */
  readonly rowRecord: Int32Array
  /** Of the last call, a record each: event time in ms (NaN if rejected before it was known). */
  readonly eventTimesMs: Float64Array
  readonly need: SchemaNeed | null
  supply(id: number, schema: string | 'absent'): void

  /** Folds without rows or outcomes, each record only into a bucket whose offset (bucketFrom) it has not passed. */
  replay(records: Records, bucketFrom: Float64Array): void
  isDirty(bucket: number): boolean
  /** The bucket as bytes; clears its dirty mark. Equal state gives equal bytes. */
  pack(bucket: number): Uint8Array
  /** Replaces the bucket; throws Failure('state-mismatch') for bytes that are not a whole bucket of this revision. */
  unpack(bucket: number, bytes: Uint8Array): void
  readonly keys: number
  /** Cumulative since this object was made. */
  readonly evictions: number
  /** The entity of record `index` of the run last folded, as text (for alerts): the key field. */
  keyText(records: Records, index: number): string
  /** The spec's `source.id` field as text, or null. Only for records of the last `fold` call. */
  idText(records: Records, index: number): string | null
}
