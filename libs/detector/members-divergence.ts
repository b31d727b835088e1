// Members divergence: a network that gives a cloud of codes, in a kernel's memory: the layers of its means, as those of any
// dense network, and beside the one that gives the code another that gives the log-variances.

import type { Arena } from './kernel/arena.ts'
import { DIVERGENCE, operation, real } from './kernel/program.ts'
import type { PlacedMember } from './members.ts'
import { dense, denseLayers, placeDense, placeLayer } from './members-dense.ts'
import type { DivergenceMember } from './model.ts'

export function placeDivergence(arena: Arena, member: DivergenceMember, width: number): PlacedMember {
  const stride = Math.ceil(width / 8) * 8
  const { code, scale } = member
  const { placed, reconstruct, columnsMax } = placeDense(arena, member, stride)
  const spread = placeLayer(arena, member.spread)
  const encoder = placed.slice(0, code)
  return {
    reconstruct,
    score: (buffers, { scores }) => {
      const { z, left, right, reconstructed, residual, vectors } = buffers
      // Buffers alternate from the left, so that the hidden rows are not where the last of these operations writes.
      const hidden = code === 0 ? z : code % 2 === 1 ? left : right
      const hiddenStride = code === 0 ? vectors * 16 : placed[code - 1]!.blocks * 32
      const codeStride = spread.blocks * 32
      return [
        ...denseLayers(encoder, buffers, hidden),
        ...dense(placed[code]!, hidden, hiddenStride, reconstructed, codeStride),
        ...dense(spread, hidden, hiddenStride, residual, codeStride),
        ...operation(
          DIVERGENCE,
          reconstructed,
          residual,
          spread.blocks * 2,
          member.spread.outputs,
          real(scale),
          scores,
        ),
      ]
    },
    residualMean: arena.reserve(stride),
    columnsMax,
  }
}
