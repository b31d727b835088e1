// Covariance: the shrunk covariance of rows, its Cholesky factor and what is made of it, in double precision.
// Invariants
//   V1 the shrunk matrix is positive definite: besides the shrinkage a share of the mean variance stands on its diagonal.
//   V2 rows are summed in a fixed order, so equal rows give equal bits.
// Source: Ledoit and Wolf, A well-conditioned estimator for large-dimensional covariance matrices (2004).

import assert from 'node:assert/strict'

/** Added to the diagonal, in units of the mean variance: bounds the condition number where float32 must hold the inverse. */
const ridge = 1e-5
/** Least mean variance: rows that are all equal have none. */
const varianceMin = 1e-12
/** Variance of a column that never moved: its scale is a floor already, so that one scaled unit counts as one deviation. */
const constantVariance = 1
/** Rows whose products are summed at a time: a cell of the matrix is then read and written once for all of them. */
const together = 4

export interface Covariance {
  readonly width: number
  readonly mean: Float64Array
  /** width × width, symmetric, shrunk. */
  readonly matrix: Float64Array
  /** Weight of the scaled identity in it, 0 to 1. */
  readonly shrinkage: number
}

/** `constant` marks columns that are to stand by themselves, with variance 1, whatever their rows say. */
export function covariance(rows: Float32Array, count: number, width: number, constant?: Uint8Array): Covariance {
  assert.ok(count > 0, 'a covariance needs rows')
  const mean = new Float64Array(width)
  for (let i = 0; i < count; i++) for (let j = 0; j < width; j++) mean[j]! += rows[i * width + j]!
  for (let j = 0; j < width; j++) mean[j]! /= count
  const matrix = new Float64Array(width * width)
  const centred = new Float64Array(together * width)
  let fourth = 0
  for (let from = 0; from < count; from += together) {
    const size = Math.min(together, count - from)
    centred.fill(0)
    for (let i = 0; i < size; i++) {
      let square = 0
      for (let j = 0; j < width; j++) {
        const value = rows[(from + i) * width + j]! - mean[j]!
        centred[i * width + j] = value
        square += value * value
      }
      fourth += square * square
    }
    addProducts(matrix, centred, width)
  }
  for (let j = 0; j < width; j++)
    for (let k = 0; k <= j; k++) {
      matrix[j * width + k]! /= count
      matrix[k * width + j] = matrix[j * width + k]!
    }
  const shrinkage = shrink(matrix, width, count, fourth)
  for (let j = 0; j < width; j++) {
    if (constant?.[j] !== 1) continue
    for (let k = 0; k < width; k++) matrix[j * width + k] = matrix[k * width + j] = 0
    matrix[j * width + j] = constantVariance
  }
  return { width, mean, matrix, shrinkage }
}

/** Adds the products of columns over `together` rows to the lower triangle. */
function addProducts(matrix: Float64Array, rows: Float64Array, width: number): void {
  const [second, third, last] = [width, 2 * width, 3 * width]
  for (let j = 0; j < width; j++) {
    const a = rows[j]!
    const b = rows[second + j]!
    const c = rows[third + j]!
    const d = rows[last + j]!
    const at = j * width
    for (let k = 0; k <= j; k++)
      matrix[at + k]! += a * rows[k]! + b * rows[second + k]! + c * rows[third + k]! + d * rows[last + k]!
  }
}

/** 1 for each column whose values, missing ones left out, are all equal. */
export function constantColumns(rows: Float32Array, count: number, width: number): Uint8Array {
  const constant = new Uint8Array(width).fill(1)
  const first = new Float32Array(width).fill(Number.NaN)
  for (let i = 0; i < count; i++)
    for (let j = 0; j < width; j++) {
      const value = rows[i * width + j]!
      if (Number.isNaN(value)) continue
      if (Number.isNaN(first[j]!)) first[j] = value
      else if (value !== first[j]) constant[j] = 0
    }
  return constant
}

/** Shrinks in place towards the mean variance times the identity; answers how much. `fourth` = Σ ‖x‖⁴. */
function shrink(matrix: Float64Array, width: number, count: number, fourth: number): number {
  let trace = 0
  let norm = 0
  for (let j = 0; j < width; j++) trace += matrix[j * width + j]!
  for (const value of matrix) norm += value * value
  const variance = Math.max(trace / width, varianceMin)
  const distance = norm - 2 * variance * trace + variance * variance * width
  const noise = Math.max(0, (fourth / count - norm) / count)
  const weight = distance > 0 ? Math.min(1, noise / distance) : 1
  for (let i = 0; i < matrix.length; i++) matrix[i]! *= 1 - weight
  for (let j = 0; j < width; j++) matrix[j * width + j]! += (weight + ridge) * variance
  return weight
}

/** Lower-triangular L with L·Lᵀ = matrix, which must be positive definite. */
export function cholesky(matrix: Float64Array, width: number): Float64Array {
  const factor = new Float64Array(width * width)
  for (let j = 0; j < width; j++)
    for (let k = 0; k <= j; k++) {
      let sum = matrix[j * width + k]!
      for (let t = 0; t < k; t++) sum -= factor[j * width + t]! * factor[k * width + t]!
      if (j !== k) {
        factor[j * width + k] = sum / factor[k * width + k]!
        continue
      }
      assert.ok(sum > 0, 'V1: the matrix is not positive definite')
      factor[j * width + j] = Math.sqrt(sum)
    }
  return factor
}

/** The inverse of a lower-triangular matrix, lower-triangular as well. */
export function invertLower(factor: Float64Array, width: number): Float64Array {
  const inverse = new Float64Array(width * width)
  for (let k = 0; k < width; k++) {
    inverse[k * width + k] = 1 / factor[k * width + k]!
    for (let j = k + 1; j < width; j++) {
      let sum = 0
      for (let t = k; t < j; t++) sum += factor[j * width + t]! * inverse[t * width + k]!
      inverse[j * width + k] = -sum / factor[j * width + j]!
    }
  }
  return inverse
}

/** The inverse of a positive definite matrix. */
export function invert(matrix: Float64Array, width: number): Float64Array {
  const lower = invertLower(cholesky(matrix, width), width)
  const inverse = new Float64Array(width * width)
  for (let j = 0; j < width; j++)
    for (let k = 0; k <= j; k++) {
      let sum = 0
      for (let t = j; t < width; t++) sum += lower[t * width + j]! * lower[t * width + k]!
      inverse[j * width + k] = sum
      inverse[k * width + j] = sum
    }
  return inverse
}
