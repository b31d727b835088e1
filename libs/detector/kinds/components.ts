// The linear member of windows: their principal components, as two layers. What the components cannot say of a row is its
// error. Components are found by orthogonal iteration, which costs less than all eigenvectors do, and which from the
// components of all rows comes to those of a part of them in a few rounds.
// Source: Golub and Van Loan, Matrix Computations, section on orthogonal iteration.

import { Random } from '../../core/random.ts'
import type { DenseLayer, DenseMember } from '../model.ts'
import { dot, orthonormalise } from '../orthonormal.ts'
import { type Block, heldResiduals, type OnProgress, scoredHeld } from './held.ts'
import type { Seen } from './lens.ts'
import type { Heard } from './net.ts'

const rounds = 40
const roundsWarm = 6
/** Columns that are seen at most: all that is done here costs their square. */
const widthMax = 1024

/** Null where fewer than two columns vary, or where there are too many. */
export function componentsMember(
  seen: Seen,
  steps: number,
  seed: number,
  onProgress: OnProgress,
): Heard<DenseMember> | null {
  const { rows, count, width, lens, varying } = seen
  if (width > widthMax) return null
  const wanted = Math.min(varying - 1, Math.ceil(Math.sqrt(varying)), count - 1)
  if (wanted < 1) return null
  const all = momentsOf(rows, 0, count, width)
  const random = Random.derived(seed, 'components')
  const start = Float64Array.from({ length: wanted * width }, () => random.normal())
  const axes = axesOf(all, iterated(all, start, wanted, rounds), wanted)
  const expected = (block: Block, held: Float32Array): Float32Array => {
    const own = without(all, rows, block)
    return projected(held, axesOf(own, iterated(own, axes.vectors, wanted, roundsWarm), wanted), width)
  }
  const residuals = heldResiduals(seen, steps, expected, onProgress)
  const { scoring, scores } = scoredHeld(residuals, seen)
  return { member: { kind: 'dense', lens, layers: layersOf(axes, width), scoring }, held: scores }
}

/** Sums over rows: of each column, and of the products of each two. */
interface Moments {
  readonly count: number
  readonly width: number
  readonly sums: Float64Array
  readonly products: Float64Array
}

function momentsOf(rows: Float32Array, from: number, to: number, width: number): Moments {
  const sums = new Float64Array(width)
  const products = new Float64Array(width * width)
  for (let row = from; row < to; row++) {
    const at = row * width
    for (let j = 0; j < width; j++) {
      const value = rows[at + j]!
      if (value === 0) continue
      sums[j]! += value
      const line = j * width
      for (let k = 0; k <= j; k++) products[line + k]! += value * rows[at + k]!
    }
  }
  for (let j = 0; j < width; j++) for (let k = 0; k < j; k++) products[k * width + j] = products[j * width + k]!
  return { count: to - from, width, sums, products }
}

/** Of the rows that a block leaves. */
function without(all: Moments, rows: Float32Array, { before, after }: Block): Moments {
  const { width } = all
  const gone = momentsOf(rows, before, after, width)
  return {
    count: all.count - gone.count,
    width,
    sums: all.sums.map((sum, j) => sum - gone.sums[j]!),
    products: all.products.map((product, i) => product - gone.products[i]!),
  }
}

/** `wanted` orthonormal vectors, one after another, near the axes along which the rows vary most. */
function iterated(moments: Moments, start: Float64Array, wanted: number, times: number): Float64Array {
  const { count, width, sums, products } = moments
  const covariance = products.map((product, i) => {
    return product / count - (sums[Math.floor(i / width)]! / count) * (sums[i % width]! / count)
  })
  let vectors = start.slice()
  orthonormalise(vectors, wanted, width)
  for (let round = 0; round < times; round++) {
    const next = new Float64Array(vectors.length)
    for (let v = 0; v < wanted; v++)
      for (let j = 0; j < width; j++) {
        const value = vectors[v * width + j]!
        if (value === 0) continue
        for (let k = 0; k < width; k++) next[v * width + k]! += value * covariance[j * width + k]!
      }
    orthonormalise(next, wanted, width)
    vectors = next
  }
  return vectors
}

interface Axes {
  readonly mean: Float64Array
  readonly vectors: Float64Array
  readonly count: number
}

function axesOf({ sums, count }: Moments, vectors: Float64Array, wanted: number): Axes {
  return { mean: sums.map((sum) => sum / count), vectors, count: wanted }
}

function projected(rows: Float32Array, { mean, vectors, count }: Axes, width: number): Float32Array {
  const out = new Float32Array(rows.length)
  const values = new Float64Array(width)
  for (let at = 0; at < rows.length; at += width) {
    values.set(mean)
    for (let v = 0; v < count; v++) {
      let along = 0
      for (let j = 0; j < width; j++) along += (rows[at + j]! - mean[j]!) * vectors[v * width + j]!
      for (let j = 0; j < width; j++) values[j]! += along * vectors[v * width + j]!
    }
    out.set(values, at)
  }
  return out
}

function layersOf({ mean, vectors, count }: Axes, width: number): DenseLayer[] {
  const weights = new Float32Array(width * count)
  const bias = new Float32Array(count)
  for (let v = 0; v < count; v++) {
    bias[v] = -dot(vectors.subarray(v * width, (v + 1) * width), mean)
    for (let j = 0; j < width; j++) weights[j * count + v] = vectors[v * width + j]!
  }
  const shape = { kind: 'dense', activation: { kind: 'linear' } } as const
  return [
    { ...shape, inputs: width, outputs: count, weights, bias },
    { ...shape, inputs: count, outputs: width, weights: Float32Array.from(vectors), bias: Float32Array.from(mean) },
  ]
}
