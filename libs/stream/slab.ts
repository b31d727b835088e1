// Slab: the keyed state of one bucket. Slots of typed arrays, not an object a key; found by the key's 64-bit hash through
// open addressing; forgotten least recently used first. It owns slots, order and memory; what the cells mean is the
// business of the operations (operation.ts) and of the ring (ring.ts).
// Invariants
//   S1 at most `keysMax` keys; the key that was touched longest ago makes room, exactly, and is counted.
//   S2 slots 0 … keys − 1 are all live: a slot is only ever freed to be taken at once by another key.
//   S3 cells of a slot that was just taken hold whatever was there before: the taker writes all of them.
// The order is kept by links between slots (exact, two words a slot), since it is part of the packed state: whoever
// computes the state must forget the same keys.

import assert from 'node:assert/strict'

const SLOTS_FIRST = 64
/** Words of a slot's entry: both lanes of the hash, the slot touched next after it, the slot touched next before it. */
const WORDS = 4
const NEWER = 2
const OLDER = 3
const NONE = -1
/** Memory of a slot beside its cells and steps: its entry and, at worst, four positions of the table. */
export const SLOT_BYTES = 4 * WORDS + 16

export class Slab {
  readonly keysMax: number
  /** Doubles a slot. */
  readonly stride: number
  /** Floats a slot, for the ring of steps; 0 without one. */
  readonly stepStride: number
  cells: Float64Array
  /** The cells again, as 32-bit words. */
  words: Uint32Array
  steps: Float32Array
  evictions = 0
  #keys = 0
  #entries: Int32Array
  /** slot + 1 at a position that probing from the hash reaches; 0 = free. Never more than half full. */
  #table: Int32Array
  #newest = NONE
  #oldest = NONE

  constructor(keysMax: number, stride: number, stepStride: number) {
    assert.ok(keysMax >= 1 && stride >= 1, 'a slab holds at least one key and one cell')
    this.keysMax = keysMax
    this.stride = stride
    this.stepStride = stepStride
    const slots = Math.min(keysMax, SLOTS_FIRST)
    this.cells = new Float64Array(slots * stride)
    this.words = new Uint32Array(this.cells.buffer)
    this.steps = new Float32Array(slots * stepStride)
    this.#entries = new Int32Array(slots * WORDS)
    this.#table = new Int32Array(tableLength(slots))
  }

  get keys(): number {
    return this.#keys
  }

  /** The slot of a key, or −1. */
  find(high: number, low: number): number {
    const table = this.#table
    const entries = this.#entries
    const mask = table.length - 1
    let at = low & mask
    for (;;) {
      const slot = table[at]! - 1
      if (slot < 0) return NONE
      if (entries[slot * WORDS] === (high | 0) && entries[slot * WORDS + 1] === (low | 0)) return slot
      at = (at + 1) & mask
    }
  }

  /** Makes a slot the most recently used. */
  touch(slot: number): void {
    if (slot === this.#newest) return
    this.#unlink(slot)
    this.#link(slot)
  }

  /** A slot for a key that has none, as the most recently used; its cells are not cleared (S3). */
  take(high: number, low: number): number {
    let slot = this.#keys
    if (slot < this.keysMax) {
      if (slot * this.stride === this.cells.length) this.#grow()
      this.#keys++
    } else {
      slot = this.#oldest
      this.#remove(slot)
      this.#unlink(slot)
      this.evictions++
    }
    this.#entries[slot * WORDS] = high
    this.#entries[slot * WORDS + 1] = low
    this.#link(slot)
    this.#insert(slot)
    return slot
  }

  get oldest(): number {
    return this.#oldest
  }

  /** The slot touched next after `slot`, or −1 for the most recently used. */
  newer(slot: number): number {
    return this.#entries[slot * WORDS + NEWER]!
  }

  high(slot: number): number {
    return this.#entries[slot * WORDS]! >>> 0
  }

  low(slot: number): number {
    return this.#entries[slot * WORDS + 1]! >>> 0
  }

  #link(slot: number): void {
    const entries = this.#entries
    entries[slot * WORDS + NEWER] = NONE
    entries[slot * WORDS + OLDER] = this.#newest
    if (this.#newest === NONE) this.#oldest = slot
    else entries[this.#newest * WORDS + NEWER] = slot
    this.#newest = slot
  }

  #unlink(slot: number): void {
    const entries = this.#entries
    const newer = entries[slot * WORDS + NEWER]!
    const older = entries[slot * WORDS + OLDER]!
    if (newer === NONE) this.#newest = older
    else entries[newer * WORDS + OLDER] = older
    if (older === NONE) this.#oldest = newer
    else entries[older * WORDS + NEWER] = newer
  }

  #insert(slot: number): void {
    const table = this.#table
    const mask = table.length - 1
    let at = this.#entries[slot * WORDS + 1]! & mask
    while (table[at] !== 0) at = (at + 1) & mask
    table[at] = slot + 1
  }

  /** Takes a slot out of the table and moves back what probing would otherwise no longer reach. */
  #remove(slot: number): void {
    const table = this.#table
    const mask = table.length - 1
    let hole = this.#entries[slot * WORDS + 1]! & mask
    while (table[hole] !== slot + 1) hole = (hole + 1) & mask
    for (let at = (hole + 1) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const home = this.#entries[(table[at]! - 1) * WORDS + 1]! & mask
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
    const steps = new Float32Array(slots * this.stepStride)
    steps.set(this.steps)
    this.steps = steps
    const entries = new Int32Array(slots * WORDS)
    entries.set(this.#entries)
    this.#entries = entries
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
