// Scoring of a member: how its residuals over the training rows become a distance. Mahalanobis where the rows suffice for a
// covariance and the row is narrow enough to whiten quickly, otherwise each column's error over its training error.
// On the twelve tables the Mahalanobis distance of the residual is worth 2 to 5 points of AUROC over the squared error.

import { cholesky, constantColumns, covariance, invertLower } from '../covariance.ts'
import type { Scoring } from '../model.ts'
import type { TrainingRows } from './kind.ts'

/** Rows per column that a covariance needs, shrinkage helping. */
const rowsPerColumnMin = 3
export const whitenedWidthMax = 512
/** Multiply-adds that a covariance may cost: beyond, every k-th row is taken. */
const covarianceCostMax = 1e8
const errorMin = 1e-6

/**
 * `residuals`: z − ẑ of each of the rows seen, stride = width; 0 where missing. A column that never moves among those whose
 * residuals count stands by itself: in some rows of many, a rare value may not be, and would be infinitely strange.
 */
export function scoringOf(residuals: Float32Array, seen: TrainingRows): Scoring {
  const { count, width } = seen
  if (width > whitenedWidthMax || count < rowsPerColumnMin * width) {
    const trainError = new Float32Array(width)
    const constant = constantColumns(seen.rows, count, width)
    for (let j = 0; j < width; j++) {
      let sum = 0
      for (let i = 0; i < count; i++) sum += residuals[i * width + j]! * residuals[i * width + j]!
      trainError[j] = constant[j] === 1 ? 1 : sum / count + errorMin
    }
    return { kind: 'error-over-train', trainError }
  }
  const sampled = thinned(residuals, count, width)
  const among = thinned(seen.rows, count, width)
  const constant = constantColumns(among.rows, among.count, width)
  const { mean, matrix } = covariance(sampled.rows, sampled.count, width, constant)
  const whitening = Float32Array.from(invertLower(cholesky(matrix, width), width))
  return { kind: 'mahalanobis', residualMean: Float32Array.from(mean), whitening }
}

/** Every k-th row, with the least k that keeps a covariance within its cost. */
export function thinned(rows: Float32Array, count: number, width: number): { rows: Float32Array; count: number } {
  const every = Math.max(1, Math.ceil((count * width * width) / covarianceCostMax))
  if (every === 1) return { rows, count }
  const kept = Math.ceil(count / every)
  const out = new Float32Array(kept * width)
  for (let i = 0; i < kept; i++) out.set(rows.subarray(i * every * width, (i * every + 1) * width), i * width)
  return { rows: out, count: kept }
}
