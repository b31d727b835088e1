// Fold: the keyed state of one partition, and how a record changes it. The state at offset o is a function of spec and of
// the records before o, whoever computed it (I7): no score, no imputed value, no clock enters it.
// Keys fall into buckets by hash; a bucket is a fold by itself, with its own bound of keys and least-recently-used order.
// Invariants
//   F1 neither rows nor state depend on how the records were cut into calls.
//   F2 a record that is rejected or late changes nothing; every other one changes the state of one key, and the order.
//   F3 late: its time is before the key's greatest − lateness. A forgotten key has no greatest time.
//   F4 a partition holds at least `keysMax` keys before it forgets one: a bucket's bound has room for uneven hashing.
// A call goes through its records in passes: decode, admit, then block by block: place (a slot for each record,
// in order), operation by operation. A slot that changes hands within a block is fresh at the record that takes it.

import assert from 'node:assert/strict'
import { Columns, type Decoder, type SchemaNeed } from '../codec/columns.ts'
import type { Records } from '../core/records.ts'
import { WARMING } from '../core/verdict.ts'
import { type Admission, admission } from './admission.ts'
import { type Features, features } from './features.ts'
import { type Chunk, chunkOf } from './operation.ts'
import { pack, type Shape, unpack } from './pack.ts'
import { Placement } from './placement.ts'
import { SLAB_CELLS, SLOT_BYTES, Slab } from './slab.ts'
import { push, unroll } from './steps.ts'
import type { Stream } from './stream.ts'

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
  /** Of the last call, two words a record: the hash of its key, where it was admitted. */
  readonly keyHashes: Uint32Array
  readonly need: SchemaNeed | null
  supply(id: number, schema: string | 'absent'): void

  /**
   * Folds records [from, count) without rows or outcomes, each only into a bucket whose offset (bucketFrom) is not beyond
   * it. Answers the index reached: `count`, or less if `need` is set.
   */
  replay(records: Records, bucketFrom: Float64Array, from?: number): number
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

const ROWS_MAX = 1024
/** What a full bucket should take when packed, at most: one message of the state topic, and a short pause. */
const BUCKET_BYTES_AIM = 256_000
const BUCKETS_MIN = 16
const BUCKETS_MAX = 256
/** Records that all operations see before the next are placed: their rows and cells stay in a core's cache meanwhile. */
const BLOCK_ROWS = 256
/** The ring's words, behind the slab's own cells, where rows have more than a step. */
const RING_CELL = SLAB_CELLS

export function fold(stream: Stream, decoder: Decoder, limits: { buckets?: number; rowsMax?: number } = {}): Fold {
  return new KeyedFold(stream, decoder, limits.buckets ?? bucketsFor(stream), limits.rowsMax ?? ROWS_MAX)
}

/** Buckets of a stream, a power of two: a function of the spec alone, since state of other buckets cannot be used. */
export function bucketsFor(stream: Stream): number {
  const bytes = stream.spec.keysMax * bytesPerKey(stream)
  let buckets = BUCKETS_MIN
  while (buckets < BUCKETS_MAX && bytes / buckets > BUCKET_BYTES_AIM) buckets *= 2
  return buckets
}

/** Memory that a key takes, its share of the table that finds it included. */
export function bytesPerKey(stream: Stream): number {
  const cells = features(stream, reservedCells(stream)).blank.length
  return SLOT_BYTES + 8 * cells + (stream.spec.window.rows > 1 ? 4 * stream.width : 0)
}

function reservedCells(stream: Stream): number {
  return stream.spec.window.rows > 1 ? RING_CELL + 1 : SLAB_CELLS
}

/** Six standard deviations of a Poisson count above the mean: no bucket overflows before the partition holds keysMax. */
export function bucketKeysMax(keysMax: number, buckets: number): number {
  const mean = keysMax / buckets
  return buckets === 1 ? keysMax : Math.min(keysMax, Math.ceil(mean + 6 * Math.sqrt(mean) + 6))
}

class KeyedFold implements Fold {
  readonly buckets: number
  readonly rowsMax: number
  readonly outcomes: Uint8Array
  readonly rowRecord: Int32Array
  readonly eventTimesMs: Float64Array
  readonly keyHashes: Uint32Array
  rowCount = 0
  readonly #stream: Stream
  readonly #decoder: Decoder
  readonly #admission: Admission
  readonly #features: Features
  readonly #columns: Columns
  readonly #chunk: Chunk
  readonly #slab: Slab
  readonly #placement: Placement
  /** Steps of one call where rows have several, or are not wanted. */
  readonly #steps: Float32Array
  readonly #stepStride: number
  /** Of the last call, for the texts of its records. */
  #from = 0

  constructor(stream: Stream, decoder: Decoder, buckets: number, rowsMax: number) {
    assert.ok(buckets >= 1 && (buckets & (buckets - 1)) === 0, `${buckets} buckets are no power of two`)
    this.buckets = buckets
    this.rowsMax = rowsMax
    this.outcomes = new Uint8Array(rowsMax)
    this.rowRecord = new Int32Array(rowsMax)
    this.eventTimesMs = new Float64Array(rowsMax)
    const rows = stream.spec.window.rows
    this.#stream = stream
    this.#decoder = decoder
    this.#admission = admission(stream)
    this.#features = features(stream, reservedCells(stream))
    this.#columns = new Columns(stream.wants, rowsMax)
    this.#stepStride = rows > 1 ? stream.width : 0
    const { blank, coldAt } = this.#features
    const keysMax = bucketKeysMax(stream.spec.keysMax, buckets)
    this.#slab = new Slab({ buckets, keysMax, stride: blank.length, stepStride: this.#stepStride })
    this.#placement = new Placement(buckets, stream.spec.source.latenessMs, coldAt[0] ?? reservedCells(stream))
    this.keyHashes = new Uint32Array(2 * rowsMax)
    this.#steps = new Float32Array(BLOCK_ROWS * stream.stepWidth)
    this.#chunk = chunkOf(BLOCK_ROWS, this.#columns, this.#slab)
  }

  fold(records: Records, from: number, to: number, rows: Float32Array | null): number {
    return this.#fold(records, from, to, rows, null)
  }

  replay(records: Records, bucketFrom: Float64Array, from = 0): number {
    let at = from
    while (at < records.count) {
      const to = Math.min(records.count, at + this.rowsMax)
      at = this.#fold(records, at, to, null, bucketFrom)
      if (at < to) break
    }
    return at
  }

  get need(): SchemaNeed | null {
    return this.#decoder.need
  }

  supply(id: number, schema: string | 'absent'): void {
    this.#decoder.supply(id, schema)
  }

  isDirty(bucket: number): boolean {
    return this.#placement.dirty[bucket] === 1
  }

  pack(bucket: number): Uint8Array {
    const shape = this.#shape(bucket)
    this.#placement.dirty[bucket] = 0
    return pack(this.#slab, shape)
  }

  unpack(bucket: number, bytes: Uint8Array): void {
    this.#slab.replace(bucket, unpack(bytes, this.#shape(bucket)))
    this.#placement.dirty[bucket] = 0
  }

  get keys(): number {
    return this.#slab.keys
  }

  get evictions(): number {
    return this.#slab.evictions
  }

  keyText(records: Records, index: number): string {
    return this.#text(records, index, this.#stream.keyWant) ?? ''
  }

  idText(records: Records, index: number): string | null {
    return this.#stream.idWant === null ? null : this.#text(records, index, this.#stream.idWant)
  }

  #fold(
    records: Records,
    from: number,
    to: number,
    rows: Float32Array | null,
    bucketFrom: Float64Array | null,
  ): number {
    assert.ok(to - from <= this.rowsMax, `${to - from} records at once, at most ${this.rowsMax}`)
    assert.ok(rows === null || rows.length >= (to - from) * this.#stream.width, 'not enough room for the rows')
    this.#from = from
    const reached = this.#decoder.decode(records, from, to, this.#columns)
    const count = reached - from
    const admitted = { outcomes: this.outcomes, timesMs: this.eventTimesMs, hashes: this.keyHashes }
    this.#admission.admit(records, from, count, this.#columns, admitted)
    this.rowCount = 0
    for (let begin = 0; begin < count; begin += BLOCK_ROWS) {
      const end = Math.min(count, begin + BLOCK_ROWS)
      this.#placement.place(records, from, begin, end, admitted, bucketFrom, this.#chunk)
      this.#operate(rows)
      if (this.#stepStride === 0) this.#number(from)
      else this.#window(from, rows)
    }
    return reached
  }

  #operate(rows: Float32Array | null): void {
    const isDirect = this.#stepStride === 0 && rows !== null
    const out = isDirect ? rows : this.#steps
    this.#chunk.row = isDirect ? this.rowCount : 0
    const { operations, hotAt, coldAt } = this.#features
    for (const [i, operation] of operations.entries()) {
      if (rows === null && this.#stepStride === 0 && operation.hot.length === 0) continue
      operation.run(this.#chunk, out, this.#stream.stepWidth, hotAt[i]!, coldAt[i]!)
    }
  }

  /** Rows of one step: every placed record has its row. */
  #number(from: number): void {
    const { count, source } = this.#chunk
    for (let k = 0; k < count; k++) this.rowRecord[this.rowCount + k] = from + source[k]!
    this.rowCount += count
  }

  /** Rows of several steps: complete where the key has them all. */
  #window(from: number, rows: Float32Array | null): void {
    const chunk = this.#chunk
    const { stepWidth, width, spec } = this.#stream
    for (let k = 0; k < chunk.count; k++) {
      const filled = push(chunk, k, RING_CELL, this.#steps, stepWidth)
      const source = chunk.source[k]!
      if (filled < spec.window.rows) {
        this.outcomes[source] = WARMING
        continue
      }
      if (rows !== null) unroll(chunk, k, RING_CELL, stepWidth, rows, this.rowCount * width)
      this.rowRecord[this.rowCount++] = from + source
    }
  }

  #text(records: Records, index: number, want: number): string | null {
    const row = index - this.#from
    const columns = this.#columns
    const length = columns.textLength[want]![row]!
    if (length < 0) return null
    const bytes = columns.textScratch[want]![row] === 1 ? columns.scratch : records.bytes
    const at = columns.textAt[want]![row]!
    return new TextDecoder().decode(bytes.subarray(at, at + length))
  }

  #shape(bucket: number): Shape {
    assert.ok(bucket >= 0 && bucket < this.buckets, `there is no bucket ${bucket} of ${this.buckets}`)
    return {
      revision: this.#stream.revision,
      bucket,
      buckets: this.buckets,
      keysMax: this.#slab.keysMax,
      blank: this.#features.blank,
      ringCell: this.#stepStride > 0 ? RING_CELL : -1,
      stepWidth: this.#stream.stepWidth,
      stepStride: this.#stepStride,
    }
  }
}
