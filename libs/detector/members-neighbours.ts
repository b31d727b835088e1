// Members neighbours: stored rows in a kernel's memory, once as they are and once as the weights of a dense product that
// gives distances to all of them (assembly/nearest.ts).

import type { Arena } from './kernel/arena.ts'
import { DENSE, DISTANCE, NEAREST, operation, PROBE, RECALL, real } from './kernel/program.ts'
import type { Buffers, PlacedMember } from './members.ts'
import { cellRows, type NeighboursMember } from './model.ts'
import { packed } from './packing.ts'

/** Words of a run of nearest rows: values, then indices. */
const runWords = 16
/** Of a place without a row: never near. */
const far = 3.4028234663852886e38

/** 32-bit values of kernel memory, with `rows` rows of a chunk. */
export function neighboursValues({ count }: NeighboursMember, width: number, rows: number): number {
  return 2 * (width + 8) * (count + cellRows) + width * (width + 7) + rows * (cellRows + runWords + width + 7)
}

export function placeNeighbours(arena: Arena, member: NeighboursMember, width: number, rows: number): PlacedMember {
  const { count, neighbours, probes } = member
  const cells = Math.ceil(count / cellRows)
  const stride = Math.ceil(width / 8) * 8
  const seenRows = inMetric(member, width)
  const stored = placeStored(arena, seenRows, count, width)
  const plain = arena.place(padded(member.rows, count, width, stride))
  const factors = arena.place(member.factors)
  const metric = arena.place(packed(member.metric, width, width))
  const zeros = arena.reserve(stride)
  const seen = arena.reserve(rows * stride)
  const scratch = arena.reserve(rows * cellRows)
  const best = arena.reserve(rows * runWords)
  const look = (bytes: number): number[] => {
    const all = [seen, bytes, width, stored.weights, stored.norms] as const
    if (cells <= probes) return operation(NEAREST, ...all, stored.blocks, scratch, best, neighbours)
    const nearCells = arena.reserve(rows * runWords)
    const middles = placeStored(arena, centres(seenRows, count, width), cells, width)
    return [
      ...operation(
        NEAREST,
        seen,
        bytes,
        width,
        middles.weights,
        middles.norms,
        middles.blocks,
        scratch,
        nearCells,
        probes,
      ),
      ...operation(PROBE, ...all, scratch, nearCells, probes, best, neighbours),
    ]
  }
  const looking = look(stride * 4)
  const find = ({ z, vectors }: Buffers): number[] => [
    ...operation(DENSE, z, vectors * 16, width, 0, metric, zeros, seen, vectors * 16, vectors / 2, real(1), 0),
    ...looking,
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

function inMetric({ rows, count, metric }: NeighboursMember, width: number): Float32Array {
  const out = new Float32Array(count * width)
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < width; j++) {
      let sum = 0
      for (let k = 0; k < width; k++) sum += rows[i * width + k]! * metric[k * width + j]!
      out[i * width + j] = sum
    }
  }
  return out
}

/** The mean of each cell's rows. */
function centres(rows: Float32Array, count: number, width: number): Float32Array {
  const cells = Math.ceil(count / cellRows)
  const sums = new Float64Array(cells * width)
  for (let i = 0; i < count; i++) {
    const at = Math.floor(i / cellRows) * width
    for (let j = 0; j < width; j++) sums[at + j]! += rows[i * width + j]!
  }
  return Float32Array.from(sums, (sum, at) => {
    const cell = Math.floor(at / width)
    return sum / Math.min(cellRows, count - cell * cellRows)
  })
}

/** Rows as the columns of a product that gives −2 z·c, with |c|² as bias, so that a distance is |z|² more. */
function placeStored(
  arena: Arena,
  rows: Float32Array,
  count: number,
  width: number,
): { readonly weights: number; readonly norms: number; readonly blocks: number } {
  const slots = Math.ceil(count / cellRows) * cellRows
  const weights = new Float32Array(width * slots)
  const norms = new Float32Array(slots).fill(far)
  for (let i = 0; i < count; i++) {
    let norm = 0
    for (let j = 0; j < width; j++) {
      const value = rows[i * width + j]!
      weights[j * slots + i] = -2 * value
      norm += value * value
    }
    norms[i] = norm
  }
  return { weights: arena.place(packed(weights, width, slots)), norms: arena.place(norms), blocks: slots / 8 }
}

function padded(rows: Float32Array, count: number, width: number, stride: number): Float32Array {
  const out = new Float32Array(count * stride)
  for (let i = 0; i < count; i++) out.set(rows.subarray(i * width, (i + 1) * width), i * stride)
  return out
}
