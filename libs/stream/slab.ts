// Slab: the keyed state of one bucket. Slots of typed arrays, not an object a key; found by the key's 64-bit hash through
// open addressing; forgotten least recently used first. It owns the first cells of a slot, the order and the memory; what
// the other cells mean is the business of the operations (operation.ts) and of the ring (steps.ts).
// Invariants
//   S1 at most `keysMax` keys; the key that was used longest ago makes room, exactly, and is counted.
//   S2 slots 0 … keys − 1 are all live: a slot is only ever freed to be taken at once by another key.
//   S3 cells of a slot that was just taken hold whatever was there before, the slab's own excepted: the taker writes them.
// Use is a number that ascends, kept beside the key's hash and time in the slot's first cells, so that a record of a known
// key touches the table and its own slot and nothing else; links between slots would touch two strangers a record, each a
// cache miss among a million keys. Who is oldest is asked only when room is needed (eldest.ts), and when packing.

import assert from 'node:assert/strict'
import { Eldest } from './eldest.ts'

/** Cells of the slab itself in each slot: greatest time of the key (the fold's), use, hash (two words). */
export const TIME_CELL = 0
const USE_CELL = 1
const HASH_CELL = 2
export const SLAB_CELLS = 3

const SLOTS_FIRST = 64
const NONE = -1
/** Memory of a slot beside its cells and steps: at most four positions of the table, and its place among the eldest. */
export const SLOT_BYTES = 16 + 12

export class Slab {
  readonly keysMax: number
  /** Doubles a slot. */
  readonly stride: number
  /** Floats a slot, for the ring of steps; 0 without one. */
  readonly stepStride: number
  cells: Float64Array
  /** The cells again, as 32-bit words and as 32-bit floats. */
  words: Uint32Array
  floats: Float32Array
  steps: Float32Array
  evictions = 0
  #keys = 0
  #uses = 0
  /** slot + 1 at a position that probing from the hash reaches; 0 = free. Never more than half full. */
  #table: Int32Array
  #eldest: Eldest | null = null

  constructor(keysMax: number, stride: number, stepStride: number) {
    assert.ok(keysMax >= 1 && stride >= SLAB_CELLS, 'a slab holds at least one key and its own cells')
    assert.ok(keysMax * Math.max(stride, stepStride) < 2 ** 31, 'positions of cells are 32-bit integers')
    this.keysMax = keysMax
    this.stride = stride
    this.stepStride = stepStride
    const slots = Math.min(keysMax, SLOTS_FIRST)
    this.cells = new Float64Array(slots * stride)
    this.words = new Uint32Array(this.cells.buffer)
    this.floats = new Float32Array(this.cells.buffer)
    this.steps = new Float32Array(slots * stepStride)
    this.#table = new Int32Array(tableLength(slots))
  }

  get keys(): number {
    return this.#keys
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
    let slot = this.#keys
    if (slot < this.keysMax) {
      if (slot * this.stride === this.cells.length) this.#grow()
      this.#keys++
    } else {
      this.#eldest ??= new Eldest(this.keysMax)
      slot = this.#eldest.take(this.cells, this.stride, USE_CELL, this.#uses + 1)
      this.#remove(slot)
      this.evictions++
    }
    const cell = slot * this.stride
    this.words[2 * (cell + HASH_CELL)] = high
    this.words[2 * (cell + HASH_CELL) + 1] = low
    this.touch(slot)
    this.#insert(slot)
    return slot
  }

  /** All slots, least recently used first. */
  order(): Uint32Array {
    return Uint32Array.from({ length: this.#keys }, (_, slot) => slot).sort((a, b) => this.#use(a) - this.#use(b))
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

  #grow(): void {
    const slots = Math.min(this.keysMax, this.#keys * 2)
    const cells = new Float64Array(slots * this.stride)
    cells.set(this.cells)
    this.cells = cells
    this.words = new Uint32Array(cells.buffer)
    this.floats = new Float32Array(cells.buffer)
    const steps = new Float32Array(slots * this.stepStride)
    steps.set(this.steps)
    this.steps = steps
    if (tableLength(slots) === this.#table.length) return
    this.#table = new Int32Array(tableLength(slots))
    for (let slot = 0; slot < this.#keys; slot++) this.#insert(slot)
  }
}

function tableLength(slots: number): number {
  let length = 16
  while (length < 2 * slots) length *= 2
  return length
}
