// Members neighbours: stored rows in a kernel's memory, once as they are and once as the weights of a dense product that
// gives distances to all of them (assembly/nearest.ts).

import type { Arena } from './kernel/arena.ts'
import { DENSE, DISTANCE, NEAREST, operation, PROBE, RECALL, real } from './kernel/program.ts'
import type { Buffers, PlacedMember } from './members.ts'
import { placeScoring } from './members-scoring.ts'
import { cellRows, type NeighboursMember } from './model.ts'
import { packed } from './packing.ts'

/** Words of a run of nearest rows: values, then indices. */
const runWords = 16
/** Of a place without a row: never near. */
const far = 3.4028234663852886e38

/** 32-bit values of kernel memory, with `rows` rows of a chunk. */
export function neighboursValues({ count }: NeighboursMember, width: number, rows: number): number {
  return (
    2 * (width + 8) * (count + 2 * cellRows) +
    2 * width * (width + 7) +
    rows * (cellRows + 2 * runWords + 2 * width + 14)
  )
}

export function placeNeighbours(arena: Arena, member: NeighboursMember, width: number, rows: number): PlacedMember {
  const { count, neighbours, scoring } = member
  const stride = Math.ceil(width / 8) * 8
  const plain = arena.place(padded(member.rows, count, width, stride))
  const best = arena.reserve(rows * runWords)
  const searching = search(arena, member, width, rows, best)
  const turned = member.metric === null ? null : placeMetric(arena, member.metric, width, rows)
  const find = (buffers: Buffers): number[] => {
    const { z, vectors } = buffers
    return turned === null ? searching(z, vectors) : [...turned.to(z, vectors), ...searching(turned.compared, vectors)]
  }
  const reconstruct = (buffers: Buffers): number[] => {
    const { reconstructed, vectors } = buffers
    const recalled = turned === null ? reconstructed : turned.recalled
    const recall = operation(RECALL, best, neighbours, plain, recalled, vectors * 16)
    return [...find(buffers), ...recall, ...(turned?.back(reconstructed, vectors) ?? [])]
  }
  if (scoring.kind === 'error-over-train')
    return { ...placeScoring(arena, scoring, width, reconstruct), reconstruct, columnsMax: stride }
  const factors = arena.place(scoring.factors)
  return {
    reconstruct,
    score: (buffers, { scores }) => {
      const { z, vectors } = buffers
      return [
        ...find(buffers),
        ...operation(DISTANCE, turned?.compared ?? z, vectors, best, neighbours, factors, scores),
      ]
    },
    residualMean: arena.reserve(stride),
    columnsMax: stride,
  }
}

/** Operations from compared rows to the runs of their nearest: among all stored rows, or those of the nearest cells. */
function search(
  arena: Arena,
  { rows: stored, count, neighbours, probes }: NeighboursMember,
  width: number,
  rows: number,
  best: number,
): (from: number, vectors: number) => number[] {
  const { weights, norms, blocks } = placeStored(arena, stored, count, width)
  const scratch = arena.reserve(rows * cellRows)
  const cells = Math.ceil(count / cellRows)
  if (cells <= probes)
    return (from, vectors) =>
      operation(NEAREST, from, vectors * 16, width, weights, norms, blocks, scratch, best, neighbours)
  const near = arena.reserve(rows * runWords)
  const { middles, reach } = cellsOf(stored, count, width)
  const middle = placeStored(arena, middles, cells, width, reach)
  return (from, vectors) => {
    const bytes = vectors * 16
    return [
      ...operation(NEAREST, from, bytes, width, middle.weights, middle.norms, middle.blocks, scratch, near, probes),
      ...operation(PROBE, from, bytes, width, weights, norms, scratch, near, probes, best, neighbours),
    ]
  }
}

interface PlacedMetric {
  readonly compared: number
  readonly recalled: number
  readonly to: (z: number, vectors: number) => number[]
  readonly back: (reconstructed: number, vectors: number) => number[]
}

function placeMetric(
  arena: Arena,
  metric: { readonly to: Float32Array; readonly back: Float32Array },
  width: number,
  rows: number,
): PlacedMetric {
  const stride = Math.ceil(width / 8) * 8
  const [to, back] = [arena.place(packed(metric.to, width, width)), arena.place(packed(metric.back, width, width))]
  const zeros = arena.reserve(stride)
  const [compared, recalled] = [arena.reserve(rows * stride), arena.reserve(rows * stride)]
  const product = (from: number, weights: number, into: number, vectors: number): number[] =>
    operation(DENSE, from, vectors * 16, width, 0, weights, zeros, into, vectors * 16, vectors / 2, real(1), 0)
  return {
    compared,
    recalled,
    to: (z, vectors) => product(z, to, compared, vectors),
    back: (reconstructed, vectors) => product(recalled, back, reconstructed, vectors),
  }
}

/**
 * The mean of each cell's rows, and half of the mean square of their distance from it. A row's nearest cells are those with
 * the least square distance less that: a wide cell reaches farther than its middle says. So the precision on card payments
 * is that of looking everywhere, by middles alone a tenth lower; with the whole mean square wide cells drown the others.
 */
function cellsOf(rows: Float32Array, count: number, width: number): { middles: Float32Array; reach: Float32Array } {
  const cells = Math.ceil(count / cellRows)
  const middles = new Float32Array(cells * width)
  const reach = new Float32Array(cells)
  for (let cell = 0; cell < cells; cell++) {
    const [from, to] = [cell * cellRows, Math.min(count, (cell + 1) * cellRows)]
    for (let j = 0; j < width; j++) {
      let sum = 0
      let squares = 0
      for (let i = from; i < to; i++) sum += rows[i * width + j]!
      const middle = sum / (to - from)
      for (let i = from; i < to; i++) squares += (rows[i * width + j]! - middle) ** 2
      middles[cell * width + j] = middle
      reach[cell]! += squares / (to - from) / 2
    }
  }
  return { middles, reach }
}

/** Rows as the columns of a product that gives −2 z·c, with |c|² (less the reach) as bias, so that a distance is |z|² more. */
function placeStored(
  arena: Arena,
  rows: Float32Array,
  count: number,
  width: number,
  reach?: Float32Array,
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
    norms[i] = norm - (reach?.[i] ?? 0)
  }
  return { weights: arena.place(packed(weights, width, slots)), norms: arena.place(norms), blocks: slots / 8 }
}

function padded(rows: Float32Array, count: number, width: number, stride: number): Float32Array {
  const out = new Float32Array(count * stride)
  for (let i = 0; i < count; i++) out.set(rows.subarray(i * width, (i + 1) * width), i * stride)
  return out
}
