// Members scoring: how residuals become a score in the kernel.
// A row with missing values is scored by what was observed, times columns over columns observed. For a Mahalanobis member
// that is the distance within the observed columns: the residuals of the missing settle where they add nothing to it. Were
// they 0, correlated columns would make a normal row seem far.
// Sources: Little and Smith, Editing and imputing for quantitative survey data (1987); Béguin and Hulliger, The BACON-EEM
// algorithm for multivariate outlier detection in incomplete survey data (2008), for the distance and its rescaling.

import type { Arena } from './kernel/arena.ts'
import { DENSE, ERROR, operation, RESIDUAL, real, SQUARES, WEIGHTED } from './kernel/program.ts'
import type { Buffers, PlacedMember } from './members.ts'
import { placeSettle } from './members-settle.ts'
import type { Scoring } from './model.ts'
import { packed } from './packing.ts'

/** Scores what `reconstruct` gives. A member with a `fill` of its own comes to the same distance without settling. */
export function placeScoring(
  arena: Arena,
  scoring: Scoring,
  width: number,
  reconstruct: PlacedMember['reconstruct'],
  fill: PlacedMember['fill'] = null,
): Pick<PlacedMember, 'score' | 'residualMean' | 'fill' | 'settle'> {
  const stride = Math.ceil(width / 8) * 8
  switch (scoring.kind) {
    case 'mahalanobis': {
      const residualMean = arena.place(scoring.residualMean, stride)
      const whitening = arena.place(packed(transposed(scoring.whitening, width), width, width))
      const zeros = arena.reserve(stride)
      const ones = arena.place(new Float32Array(width).fill(1), stride)
      const settle = fill === null ? placeSettle(arena, scoring.whitening, width) : null
      const score: PlacedMember['score'] = (buffers, { scores, counts, masks }) => {
        const { residual, left, vectors } = buffers
        const bytes = vectors * 16
        return [
          ...reconstruct(buffers),
          ...residuals(residualMean, buffers, masks),
          ...(masks === 0 || settle === null ? [] : settle(buffers, masks)),
          ...operation(DENSE, residual, bytes, width, 1, whitening, zeros, left, bytes, vectors / 2, real(1), 0),
          ...(masks === 0
            ? operation(SQUARES, left, vectors, scores)
            : operation(WEIGHTED, left, ones, width, counts, vectors, scores)),
        ]
      }
      return { score, residualMean, fill, settle }
    }
    case 'error-over-train': {
      const residualMean = arena.reserve(stride)
      const weights = arena.place(
        scoring.trainError.map((error) => 1 / (error * width)),
        stride,
      )
      const score: PlacedMember['score'] = (buffers, { scores, counts, masks }) => {
        const { z, reconstructed, residual, vectors } = buffers
        if (masks === 0)
          return [...reconstruct(buffers), ...operation(ERROR, z, reconstructed, weights, vectors, scores)]
        return [
          ...reconstruct(buffers),
          ...residuals(residualMean, buffers, masks),
          ...operation(WEIGHTED, residual, weights, width, counts, vectors, scores),
        ]
      }
      return { score, residualMean }
    }
    default:
      return scoring satisfies never
  }
}

/** 32-bit values of kernel memory. */
export function scoringValues(scoring: Scoring, width: number): number {
  return scoring.kind === 'mahalanobis' ? 2 * width * (width + 7) : width
}

/** Operations from buffers.z and buffers.reconstructed to buffers.residual. */
export function residuals(residualMean: number, buffers: Buffers, masks: number): number[] {
  const { z, reconstructed, residual, vectors } = buffers
  return operation(RESIDUAL, z, reconstructed, residualMean, masks, residual, vectors)
}

function transposed(square: Float32Array, width: number): Float32Array {
  const target = new Float32Array(width * width)
  for (let i = 0; i < width; i++) for (let j = 0; j < width; j++) target[j * width + i] = square[i * width + j]!
  return target
}
