// Members neighbours: stored rows in a kernel's memory, packed as the weights of a dense product (assembly/nearest.ts).

import type { Arena } from './kernel/arena.ts'
import { DISTANCE, NEAREST, operation, RECALL } from './kernel/program.ts'
import type { NeighboursMember } from './model.ts'
import { packed } from './packing.ts'

/** Stored rows that the kernel looks at together. */
const together = 64
/** Words of a run of nearest rows: values, then indices. */
const runWords = 16
/** Of a place without a row: never near. */
const far = 3.4028234663852886e38

export interface PlacedNeighbours {
  /** Operations from scaled rows at `z` to the mean of their nearest; `vectors` is the stride of both. */
  readonly recall: (z: number, reconstructed: number, vectors: number) => number[]
  /** Operations from scaled rows to the nearest of them, without their mean. */
  readonly find: (z: number, vectors: number) => number[]
  /** Operations to the squared distances of rows whose nearest were found. */
  readonly distance: (z: number, vectors: number, scores: number, turn: number, factor: number) => number[]
}

/** 32-bit values of kernel memory, with `rows` rows of a chunk. */
export function neighboursValues({ count }: NeighboursMember, width: number, rows: number): number {
  return (width + 1) * (count + together) + rows * (together + runWords)
}

export function placeNeighbours(arena: Arena, member: NeighboursMember, width: number, rows: number): PlacedNeighbours {
  const { count, neighbours } = member
  const slots = Math.ceil(count / together) * together
  const weights = new Float32Array(width * slots)
  const norms = new Float32Array(slots).fill(far)
  for (let i = 0; i < count; i++) {
    let norm = 0
    for (let j = 0; j < width; j++) {
      const value = member.rows[i * width + j]!
      weights[j * slots + i] = -2 * value
      norm += value * value
    }
    norms[i] = norm
  }
  const stored = arena.place(packed(weights, width, slots))
  const bias = arena.place(norms)
  const scratch = arena.reserve(rows * together)
  const best = arena.reserve(rows * runWords)
  const find = (z: number, vectors: number): number[] =>
    operation(NEAREST, z, vectors * 16, width, stored, bias, slots / 8, scratch, best, neighbours)
  return {
    find,
    recall: (z, reconstructed, vectors) => [
      ...find(z, vectors),
      ...operation(RECALL, best, neighbours, stored, width, reconstructed, vectors * 16),
    ],
    distance: (z, vectors, scores, turn, factor) =>
      operation(DISTANCE, z, vectors, best, neighbours, scores, turn, factor),
  }
}
