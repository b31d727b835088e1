// The linear member: each column is predicted from all others by the best linear rule, and the residual is whitened. Its
// score is the Mahalanobis distance of the row itself, written as a reconstruction: with P the inverse of the shrunk
// covariance, ẑ_f = z_f − (P (z − μ))_f / P_ff, whose residual has covariance D⁻¹ P D⁻¹, D = diag P.
// It steadies the networks beside it (they are good where columns depend on each other in bent ways, it is good where
// simply far is anomalous), needs no training, and its expected values mean something: they never use the column itself.
// Its cost is the cube of the width: wider rows get one of low rank.

import { cholesky, constantColumns, covariance, invert, invertLower } from '../covariance.ts'
import type { DenseMember } from '../model.ts'
import { filled, type TrainingRows } from './kind.ts'
import { lowRankMember } from './low-rank.ts'
import { thinned, whitenedWidthMax } from './scoring.ts'

export function linearMember(training: TrainingRows): DenseMember {
  const { rows, count, width } = training
  if (width > whitenedWidthMax) return lowRankMember(training)
  const sampled = { ...thinned(rows, count, width), width }
  const constant = constantColumns(sampled.rows, sampled.count, width)
  const { mean, matrix } = covariance(filled(sampled), sampled.count, width, constant)
  const precision = invert(matrix, width)
  const weights = new Float32Array(width * width)
  const bias = new Float32Array(width)
  const spread = new Float64Array(width * width)
  for (let f = 0; f < width; f++) {
    const own = precision[f * width + f]!
    let offset = mean[f]!
    for (let j = 0; j < width; j++) {
      const share = precision[j * width + f]! / own
      spread[j * width + f] = share / precision[j * width + j]!
      if (j === f) continue
      weights[j * width + f] = -share
      offset += mean[j]! * share
    }
    bias[f] = offset
  }
  const whitening = Float32Array.from(invertLower(cholesky(spread, width), width))
  return {
    kind: 'dense',
    layers: [{ kind: 'dense', inputs: width, outputs: width, activation: { kind: 'linear' }, weights, bias }],
    scoring: { kind: 'mahalanobis', residualMean: new Float32Array(width), whitening },
  }
}
