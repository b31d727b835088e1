// Slab: the keyed state of a partition. Slots of typed arrays, not an object a key; found by the key's 64-bit hash through
// open addressing; forgotten least recently used first, each bucket by itself. It owns the first cells of a slot, the
// order and the memory; what the other cells mean is the business of the operations (operation.ts) and of the ring
// (steps.ts).
// Invariants
//   S1 a bucket holds at most `keysMax` keys; of its keys the one that was used longest ago makes room, exactly, and is
//      counted.
//   S2 a bucket's slots lie together, and the first of them, as many as it has keys, are all live: a slot is only ever
//      freed to be taken at once by another key.
//   S3 cells of a slot that was just taken hold whatever was there before, the slab's own excepted: the taker writes them.
// Memory for all keys is asked for at once, so that no array is ever moved or reached through another; a page of it is
// resident once a key of that page has come. Only the table grows.
// Use is a number that ascends, kept beside the key's hash and time in the slot's first cells, so that a record of a known
// key touches the table and its own slot and nothing else; links between slots would touch two strangers a record, each a
// cache miss among a million keys. Who is oldest is asked only when room is needed (eldest.ts), and when packing.

import assert from 'node:assert/strict'
import { Failure } from '../core/failure.ts'
import { Eldest } from './eldest.ts'

/** Cells of the slab itself in each slot: greatest time of the key (the fold's), use, hash (two words). */
export const TIME_CELL = 0
const USE_CELL = 1
const HASH_CELL = 2
export const SLAB_CELLS = 3

const TABLE_FIRST = 8192
const NONE = -1
/** Positions of words are 32-bit integers. */
const CELLS_MAX = 2 ** 30
const BYTES_PER_MEGABYTE = 1_048_576
/** Memory of a slot beside its cells and steps: at most four positions of the table, and its place among the eldest. */
export const SLOT_BYTES = 16 + 12

export interface Slots {
  /** A power of two; a key belongs to bucket `high` modulo this. */
  readonly buckets: number
  /** Of one bucket. */
  readonly keysMax: number
  /** Doubles a slot. */
  readonly stride: number
  /** Floats a slot, for the ring of steps; 0 without one. */
  readonly stepStride: number
}

export class Slab {
  readonly keysMax: number
  readonly stride: number
  readonly stepStride: number
  readonly cells: Float64Array
  /** The cells again, as 32-bit words and as 32-bit floats. */
  readonly words: Uint32Array
  readonly floats: Float32Array
  readonly steps: Float32Array
  evictions = 0
  #keys = 0
  #uses = 0
  /** slot + 1 at a position that probing from the hash reaches; 0 = free. Never more than half full. */
  #table = new Int32Array(TABLE_FIRST)
  readonly #bucketMask: number
  readonly #bucketKeys: Uint32Array
  readonly #eldest: (Eldest | null)[]

  constructor({ buckets, keysMax, stride, stepStride }: Slots) {
    assert.ok(keysMax >= 1 && stride >= SLAB_CELLS, 'a slab holds at least one key and its own cells')
    this.keysMax = keysMax
    this.stride = stride
    this.stepStride = stepStride
    this.cells = reserved(Float64Array, buckets * keysMax, stride)
    this.words = new Uint32Array(this.cells.buffer)
    this.floats = new Float32Array(this.cells.buffer)
    this.steps = reserved(Float32Array, buckets * keysMax, stepStride)
    this.#bucketMask = buckets - 1
    this.#bucketKeys = new Uint32Array(buckets)
    this.#eldest = new Array<Eldest | null>(buckets).fill(null)
  }

  get keys(): number {
    return this.#keys
  }

  keysOf(bucket: number): number {
    return this.#bucketKeys[bucket]!
  }

  /** The slot of a key, or −1. */
  find(high: number, low: number): number {
    const table = this.#table
    const words = this.words
    const mask = table.length - 1
    let at = low & mask
    for (;;) {
      const slot = table[at]! - 1
      if (slot < 0) return NONE
      const word = 2 * (slot * this.stride + HASH_CELL)
      if (words[word] === high && words[word + 1] === low) return slot
      at = (at + 1) & mask
    }
  }

  /** First cell of the slot that the table names first for a hash, most often the key's own; 0 where it names none. */
  candidate(low: number): number {
    const table = this.#table
    return Math.max(0, table[low & (table.length - 1)]! - 1) * this.stride
  }

  /** Makes a slot the most recently used. */
  touch(slot: number): void {
    this.cells[slot * this.stride + USE_CELL] = ++this.#uses
  }

  /** A slot for a key that has none, as the most recently used; its other cells are not cleared (S3). */
  take(high: number, low: number): number {
    const bucket = high & this.#bucketMask
    const keys = this.#bucketKeys[bucket]!
    let slot = bucket * this.keysMax + keys
    if (keys < this.keysMax) {
      if (2 * ++this.#keys > this.#table.length) this.#widen()
      this.#bucketKeys[bucket] = keys + 1
    } else {
      slot = this.#forget(bucket)
      this.evictions++
    }
    const cell = slot * this.stride
    this.words[2 * (cell + HASH_CELL)] = high
    this.words[2 * (cell + HASH_CELL) + 1] = low
    this.touch(slot)
    this.#insert(slot)
    return slot
  }

  /** All slots of a bucket, least recently used first. */
  order(bucket: number): Uint32Array {
    const first = bucket * this.keysMax
    const slots = Uint32Array.from({ length: this.keysOf(bucket) }, (_, i) => first + i)
    return slots.sort((a, b) => this.#use(a) - this.#use(b))
  }

  /** Replaces the keys of a bucket by those of `other`, a slab of this shape with that bucket alone. */
  replace(bucket: number, other: Slab): void {
    const { keysMax, stride, stepStride } = this
    for (let i = 0; i < this.keysOf(bucket); i++) this.#remove(bucket * keysMax + i)
    this.#keys -= this.keysOf(bucket)
    this.#bucketKeys[bucket] = 0
    this.#eldest[bucket] = null
    for (const from of other.order(0)) {
      const to = this.take(other.high(from), other.low(from))
      this.cells.set(other.cells.subarray(from * stride, (from + 1) * stride), to * stride)
      this.steps.set(other.steps.subarray(from * stepStride, (from + 1) * stepStride), to * stepStride)
      this.touch(to)
    }
  }

  high(slot: number): number {
    return this.words[2 * (slot * this.stride + HASH_CELL)]!
  }

  low(slot: number): number {
    return this.words[2 * (slot * this.stride + HASH_CELL) + 1]!
  }

  #use(slot: number): number {
    return this.cells[slot * this.stride + USE_CELL]!
  }

  /** Frees the slot of a full bucket that was used longest ago. */
  #forget(bucket: number): number {
    const first = bucket * this.keysMax
    this.#eldest[bucket] ??= new Eldest(this.keysMax)
    const at = first * this.stride + USE_CELL
    const slot = first + this.#eldest[bucket].take(this.cells, this.stride, at, this.#uses + 1)
    this.#remove(slot)
    return slot
  }

  #insert(slot: number): void {
    const table = this.#table
    const mask = table.length - 1
    let at = this.low(slot) & mask
    while (table[at] !== 0) at = (at + 1) & mask
    table[at] = slot + 1
  }

  /** Takes a slot out of the table and moves back what probing would otherwise no longer reach. */
  #remove(slot: number): void {
    const table = this.#table
    const mask = table.length - 1
    let hole = this.low(slot) & mask
    while (table[hole] !== slot + 1) hole = (hole + 1) & mask
    for (let at = (hole + 1) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const home = this.low(table[at]! - 1) & mask
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      table[hole] = table[at]!
      hole = at
    }
    table[hole] = 0
  }

  #widen(): void {
    this.#table = new Int32Array(2 * this.#table.length)
    for (const [bucket, keys] of this.#bucketKeys.entries()) {
      for (let i = 0; i < keys; i++) this.#insert(bucket * this.keysMax + i)
    }
  }
}

/** Zeros for every slot, of which the system gives a page when it is first touched. */
function reserved<T>(
  numbers: (new (length: number) => T) & { BYTES_PER_ELEMENT: number },
  slots: number,
  each: number,
): T {
  const length = slots * each
  try {
    if (length > CELLS_MAX * (8 / numbers.BYTES_PER_ELEMENT)) throw new RangeError('more than positions can name')
    return new numbers(length)
  } catch (thrown) {
    const megabytes = Math.ceil((length * numbers.BYTES_PER_ELEMENT) / BYTES_PER_MEGABYTE)
    throw new Failure('spec-invalid', `${slots} keys a partition take ${megabytes} MB: lower keysMax`, thrown)
  }
}
