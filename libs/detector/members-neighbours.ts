// Members neighbours: stored rows in a kernel's memory, once as they are and once as the weights of a dense product that
// gives distances to all of them (assembly/nearest.ts).

import type { Arena } from './kernel/arena.ts'
import { DENSE, DISTANCE, NEAREST, operation, RECALL, real } from './kernel/program.ts'
import type { Buffers, PlacedMember } from './members.ts'
import type { NeighboursMember } from './model.ts'
import { packed } from './packing.ts'

/** Stored rows that the kernel looks at together. */
const together = 64
/** Words of a run of nearest rows: values, then indices. */
const runWords = 16
/** Of a place without a row: never near. */
const far = 3.4028234663852886e38

/** 32-bit values of kernel memory, with `rows` rows of a chunk. */
export function neighboursValues({ count }: NeighboursMember, width: number, rows: number): number {
  return 2 * (width + 8) * (count + together) + width * (width + 7) + rows * (together + runWords + width + 7)
}

export function placeNeighbours(arena: Arena, member: NeighboursMember, width: number, rows: number): PlacedMember {
  const { count, neighbours } = member
  const slots = Math.ceil(count / together) * together
  const stride = Math.ceil(width / 8) * 8
  const { weights, norms } = measured(member, width, slots)
  const stored = arena.place(packed(weights, width, slots))
  const bias = arena.place(norms)
  const plain = arena.place(padded(member.rows, count, width, stride))
  const factors = arena.place(member.factors)
  const metric = arena.place(packed(member.metric, width, width))
  const zeros = arena.reserve(stride)
  const seen = arena.reserve(rows * stride)
  const scratch = arena.reserve(rows * together)
  const best = arena.reserve(rows * runWords)
  const find = ({ z, vectors }: Buffers): number[] => [
    ...operation(DENSE, z, vectors * 16, width, 0, metric, zeros, seen, vectors * 16, vectors / 2, real(1), 0),
    ...operation(NEAREST, seen, vectors * 16, width, stored, bias, slots / 8, scratch, best, neighbours),
  ]
  return {
    reconstruct: (buffers) => {
      const { reconstructed, vectors } = buffers
      return [...find(buffers), ...operation(RECALL, best, neighbours, plain, reconstructed, vectors * 16)]
    },
    score: (buffers, { scores }) => [
      ...find(buffers),
      ...operation(DISTANCE, seen, buffers.vectors, best, neighbours, factors, scores),
    ],
    residualMean: zeros,
    columnsMax: stride,
  }
}

/** The stored rows in the metric, as the columns of a product that gives −2 z·c, and |c|². */
function measured(
  { rows, count, metric }: NeighboursMember,
  width: number,
  slots: number,
): Record<'weights' | 'norms', Float32Array> {
  const weights = new Float32Array(width * slots)
  const norms = new Float32Array(slots).fill(far)
  for (let i = 0; i < count; i++) {
    let norm = 0
    for (let j = 0; j < width; j++) {
      let sum = 0
      for (let k = 0; k < width; k++) sum += rows[i * width + k]! * metric[k * width + j]!
      const value = Math.fround(sum)
      weights[j * slots + i] = -2 * value
      norm += value * value
    }
    norms[i] = norm
  }
  return { weights, norms }
}

function padded(rows: Float32Array, count: number, width: number, stride: number): Float32Array {
  const out = new Float32Array(count * stride)
  for (let i = 0; i < count; i++) out.set(rows.subarray(i * width, (i + 1) * width), i * stride)
  return out
}
