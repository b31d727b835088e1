// Members histogram: tables of rarity in a kernel's memory (assembly/histogram.ts).

import type { Arena } from './kernel/arena.ts'
import { DENSE, HISTOGRAM, operation, real } from './kernel/program.ts'
import type { PlacedMember } from './members.ts'
import { binsBeside, type HistogramMember } from './model.ts'

/** A logarithm is taken of the score. */
const scoreMin = 1e-3

/** 32-bit values of kernel memory. */
export function histogramValues({ table, bins }: HistogramMember, width: number): number {
  return table.length + 8 * (bins + binsBeside) + 4 * (width + 8)
}

export function placeHistogram(arena: Arena, member: HistogramMember, width: number): PlacedMember {
  const stride = Math.ceil(width / 8) * 8
  const typical = arena.place(member.typical, stride)
  const low = arena.place(member.low, stride)
  const inverse = arena.place(member.inverse, stride)
  // Of whole vectors of columns: those that pad a row add nothing.
  const table = arena.place(member.table, (member.bins + binsBeside) * stride)
  const rate = member.sharpness > 0 ? 1 / member.sharpness : 0
  const limits = [real(rate), real(member.base), real(scoreMin)] as const
  return {
    // A product with no inputs is its bias.
    reconstruct: ({ z, reconstructed, vectors }) =>
      operation(DENSE, z, vectors * 16, 0, 0, typical, typical, reconstructed, vectors * 16, vectors / 2, real(1), 0),
    score: ({ z, vectors }, { scores, masks }) =>
      operation(HISTOGRAM, z, vectors * 16, width, low, inverse, table, member.bins, ...limits, masks, scores),
    residualMean: arena.reserve(stride),
    columnsMax: stride,
  }
}
