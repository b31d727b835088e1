// Low rank: the linear member of rows too wide for a covariance of all columns. The axes along which the rows vary most say
// what is expected of a row, each as much as it stands above the noise beside it; the error of each column is the score.
// It costs columns × axes where the linear member costs columns × columns, and an artefact grows by no more than that.
// Axes come from orthogonal iteration over the rows themselves, on the kernel's products: no matrix of columns is formed.
// Sources: Halko, Martinsson and Tropp, Finding structure with randomness (2011); Tipping and Bishop, Probabilistic principal
// component analysis (1999), for the shrinkage.

import { Random } from '../../core/random.ts'
import { constantColumns } from '../covariance.ts'
import type { DenseMember } from '../model.ts'
import { orthonormalise } from '../orthonormal.ts'
import { kernelProducts, type Products } from '../sequence/products.ts'
import { filled, type TrainingRows, thinnedTo } from './kind.ts'
import { scoringOf } from './scoring.ts'

/** Rows that the axes are learnt from at most: every k-th. */
const rowsMax = 2500
/** Rows for each axis at least: with fewer, axes follow single rows. */
const rowsPerAxisMin = 4
const rounds = 5

export function lowRankMember(training: TrainingRows): DenseMember {
  const { width } = training
  const products = kernelProducts()
  const kept = thinnedTo(rowsMax, training)
  const some = centred(kept)
  const wanted = Math.max(1, Math.min(Math.ceil(1.5 * Math.sqrt(width)), Math.floor(some.count / rowsPerAxisMin)))
  const axes = axesOf(products, some, width, wanted)
  const layers = layersOf(some.mean, axes, shrunk(products, some, width, axes, wanted), wanted)
  const residuals = some.rows.slice()
  const codes = products.forward(some.rows, { values: layers[0].weights, inputs: width, outputs: wanted })
  const expected = products.forward(codes, { values: layers[1].weights, inputs: wanted, outputs: width })
  for (let i = 0; i < residuals.length; i++) residuals[i]! -= expected[i]!
  return { kind: 'dense', layers, scoring: scoringOf(residuals, kept) }
}

/** Rows about their mean; columns that never moved are 0. */
interface Centred {
  readonly rows: Float32Array
  readonly count: number
  readonly mean: Float64Array
}

function centred(kept: TrainingRows): Centred {
  const { count, width } = kept
  const present = filled(kept)
  const constant = constantColumns(kept.rows, count, width)
  const mean = new Float64Array(width)
  for (let i = 0; i < count; i++) for (let j = 0; j < width; j++) mean[j]! += present[i * width + j]! / count
  const out = new Float32Array(count * width)
  for (let i = 0; i < count; i++)
    for (let j = 0; j < width; j++) {
      out[i * width + j] = constant[j] === 1 ? 0 : present[i * width + j]! - mean[j]!
    }
  return { rows: out, count, mean }
}

/** `wanted` orthonormal vectors, width × wanted. */
function axesOf(products: Products, { rows, count }: Centred, width: number, wanted: number): Float32Array {
  const random = Random.derived(width, 'axes')
  let axes: Float32Array = Float32Array.from({ length: width * wanted }, () => random.normal())
  for (let round = 0; round < rounds; round++) {
    const along = products.forward(rows, { values: axes, inputs: width, outputs: wanted })
    // Of the codes, so that the sums over rows stay within what 32 bits can add up.
    for (let i = 0; i < along.length; i++) along[i]! /= count
    axes = orthonormal(products.gradient(rows, along, width, wanted), width, wanted)
  }
  return axes
}

function orthonormal(columns: Float32Array, width: number, wanted: number): Float32Array {
  const vectors = new Float64Array(columns.length)
  for (let j = 0; j < width; j++) for (let v = 0; v < wanted; v++) vectors[v * width + j] = columns[j * wanted + v]!
  orthonormalise(vectors, wanted, width)
  const out = new Float32Array(columns.length)
  for (let j = 0; j < width; j++) for (let v = 0; v < wanted; v++) out[j * wanted + v] = vectors[v * width + j]!
  return out
}

/** Of each axis, the share of its variance that is above the mean variance of what no axis tells. */
function shrunk(products: Products, some: Centred, width: number, axes: Float32Array, wanted: number): Float64Array {
  const variances = new Float64Array(wanted)
  const along = products.forward(some.rows, { values: axes, inputs: width, outputs: wanted })
  for (let i = 0; i < along.length; i++) variances[i % wanted]! += along[i]! ** 2 / some.count
  let all = 0
  for (const value of some.rows) all += value ** 2 / some.count
  const told = variances.reduce((sum, variance) => sum + variance, 0)
  const noise = Math.max(0, all - told) / Math.max(1, width - wanted)
  return variances.map((variance) => (variance > noise ? 1 - noise / variance : 0))
}

function layersOf(mean: Float64Array, axes: Float32Array, shares: Float64Array, wanted: number) {
  const width = mean.length
  const bias = new Float32Array(wanted)
  const back = new Float32Array(width * wanted)
  for (let v = 0; v < wanted; v++) {
    let offset = 0
    for (let j = 0; j < width; j++) {
      offset -= axes[j * wanted + v]! * mean[j]!
      back[v * width + j] = shares[v]! * axes[j * wanted + v]!
    }
    bias[v] = offset
  }
  const shape = { kind: 'dense', activation: { kind: 'linear' } } as const
  return [
    { ...shape, inputs: width, outputs: wanted, weights: axes, bias },
    { ...shape, inputs: wanted, outputs: width, weights: back, bias: Float32Array.from(mean) },
  ] as const
}
