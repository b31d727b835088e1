// Steps: the last w feature vectors of each key, from which a row is made, oldest first. A ring of floats a slot.
// Invariants
//   W1 steps are in order of offset; a straggler is the newest step like any other record.
//   W2 a missing value is stored as missing (NaN), never as what a detector would fill in: state knows no detector.
//   W3 a row exists once w steps do; before that the record is warming.

import type { Chunk } from './operation.ts'

/** Pushes the step of record k into its key's ring; answers the number of steps there, w at most. */
export function push(chunk: Chunk, k: number, cell: number, steps: Float32Array, stepWidth: number): number {
  const { slab } = chunk
  const rows = slab.stepStride / stepWidth
  const first = chunk.cell[k]!
  const slot = first / slab.stride
  const word = 2 * (first + cell)
  if (chunk.fresh[k] === 1) {
    slab.words[word] = 0
    slab.words[word + 1] = 0
  }
  const filled = slab.words[word]!
  const next = slab.words[word + 1]!
  const to = slot * slab.stepStride + next * stepWidth
  const ring = slab.steps
  for (let i = 0, from = k * stepWidth; i < stepWidth; i++) ring[to + i] = steps[from + i]!
  slab.words[word + 1] = next + 1 === rows ? 0 : next + 1
  if (filled === rows) return rows
  slab.words[word] = filled + 1
  return filled + 1
}

/** Writes the steps in the ring of record k's key to out[at …], oldest first. */
export function unroll(chunk: Chunk, k: number, cell: number, stepWidth: number, out: Float32Array, at: number): void {
  const { slab } = chunk
  const first = chunk.cell[k]!
  const filled = slab.words[2 * (first + cell)]!
  const next = slab.words[2 * (first + cell) + 1]!
  const begin = (first / slab.stride) * slab.stepStride
  const ring = slab.steps
  const full = filled * stepWidth === slab.stepStride
  let to = at
  if (full) for (let i = begin + next * stepWidth; i < begin + slab.stepStride; i++) out[to++] = ring[i]!
  for (let i = begin; i < begin + next * stepWidth; i++) out[to++] = ring[i]!
}
