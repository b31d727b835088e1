// Members scoring: how residuals become a score in the kernel.

import type { Arena } from './kernel/arena.ts'
import { DENSE, ERROR, operation, RESIDUAL, real, SQUARES, WEIGHTED } from './kernel/program.ts'
import type { Buffers, PlacedMember } from './members.ts'
import type { Scoring } from './model.ts'
import { packed } from './packing.ts'

/** Scores what `reconstruct` gives. */
export function placeScoring(
  arena: Arena,
  scoring: Scoring,
  width: number,
  reconstruct: PlacedMember['reconstruct'],
): Pick<PlacedMember, 'score' | 'residualMean'> {
  const stride = Math.ceil(width / 8) * 8
  switch (scoring.kind) {
    case 'mahalanobis': {
      const residualMean = arena.place(scoring.residualMean, stride)
      const whitening = arena.place(packed(transposed(scoring.whitening, width), width, width))
      const zeros = arena.reserve(stride)
      const score: PlacedMember['score'] = (buffers, { scores, masks }) => {
        const { residual, left, vectors } = buffers
        const bytes = vectors * 16
        return [
          ...reconstruct(buffers),
          ...residuals(residualMean, buffers, masks),
          ...operation(DENSE, residual, bytes, width, 1, whitening, zeros, left, bytes, vectors / 2, real(1), 0),
          ...operation(SQUARES, left, vectors, scores),
        ]
      }
      return { score, residualMean }
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
  return scoring.kind === 'mahalanobis' ? width * (width + 7) : width
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
