// Placement: gives every admitted record of a block the slot of its key, in order. It owns the dirty marks of the buckets
// and writes the chunk that the operations read.
// Invariants
//   L1 a record that is late, or that its bucket has seen already (bucketFrom), changes nothing.
//   L2 a slot that changes hands within a block is fresh at the record that takes it.

import assert from 'node:assert/strict'
import type { Records } from '../core/records.ts'
import { LATE, NORMAL } from '../core/verdict.ts'
import type { Admitted } from './admission.ts'
import type { Chunk } from './operation.ts'
import { TIME_CELL } from './slab.ts'

/** 32-bit words of a cache line. */
const LINE_WORDS = 16

export class Placement {
  readonly dirty: Uint8Array
  readonly #latenessMs: number
  /** Cells of a slot that every record reads. */
  readonly #hotCells: number

  constructor(buckets: number, latenessMs: number, hotCells: number) {
    this.dirty = new Uint8Array(buckets)
    this.#latenessMs = latenessMs
    this.#hotCells = hotCells
  }

  /** Fills the chunk from admitted records [begin, end), whose row 0 is record `from` of the run. */
  place(
    records: Records,
    from: number,
    begin: number,
    end: number,
    { outcomes, hashes, timesMs }: Admitted,
    bucketFrom: Float64Array | null,
    chunk: Chunk,
  ): void {
    assert.ok(this.#warm(begin, end, hashes, chunk) >= 0)
    const { slab, source, cell, fresh, timeMs, sinceSeconds } = chunk
    const { cells, stride } = slab
    const latenessMs = this.#latenessMs
    const dirty = this.dirty
    const bucketMask = dirty.length - 1
    let k = 0
    for (let i = begin; i < end; i++) {
      if (outcomes[i] !== NORMAL) continue
      const high = hashes[2 * i]!
      const low = hashes[2 * i + 1]!
      const bucket = high & bucketMask
      if (bucketFrom !== null && records.offsets[from + i]! < bucketFrom[bucket]!) continue
      const t = timesMs[i]!
      let slot = slab.find(high, low)
      const known = slot >= 0
      if (!known) slot = slab.take(high, low)
      const first = slot * stride
      const greatest = known ? cells[first + TIME_CELL]! : Number.NEGATIVE_INFINITY
      if (t < greatest - latenessMs) {
        outcomes[i] = LATE
        continue
      }
      if (known) slab.touch(slot)
      if (t > greatest) cells[first + TIME_CELL] = t
      dirty[bucket] = 1
      source[k] = i
      cell[k] = first
      fresh[k] = known ? 0 : 1
      timeMs[k] = t
      sinceSeconds[k] = known ? Math.max(0, t - greatest) / 1000 : Number.NaN
      k++
    }
    chunk.count = k
  }

  /**
   * Reads what the records of a block will need, without asking whether they do: loads that nothing waits for overlap,
   * while those behind the branches of the probing come one after the other. The sum keeps them from being left out.
   */
  #warm(begin: number, end: number, hashes: Uint32Array, { slab, cell }: Chunk): number {
    for (let i = begin; i < end; i++) cell[i - begin] = slab.candidate(hashes[2 * i + 1]!)
    const words = slab.words
    const last = 2 * this.#hotCells - 1
    let sum = 0
    for (let k = 0; k < end - begin; k++) {
      const first = 2 * cell[k]!
      for (let at = first; at < first + last; at += LINE_WORDS) sum += words[at]!
      sum += words[first + last]!
    }
    return sum
  }
}
