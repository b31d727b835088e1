// Members settle: the tables by which missing values of a row settle (assembly/settle.ts), made where a model is laid out.
// Two things settle, and both come to the distance of what was observed alone, rᵒᵀ (Σᵒᵒ)⁻¹ rᵒ, the least that any values of the
// missing give: residuals, after their whitening; and the row itself, where a member tells each column by a linear rule from
// the others. Filled in all at once, round by round, such a rule may diverge; one column after the other it never does.

import type { Arena } from './kernel/arena.ts'
import { operation, SETTLE } from './kernel/program.ts'
import type { PlacedMember } from './members.ts'
import type { DenseMember } from './model.ts'

/** Sweeps over the missing values: on the tables tried, four are as good as the exact minimum over residuals, */
const sweepsResidual = 4
/** and sixteen over values, where columns tell each other almost exactly. */
const sweepsValue = 16

/** Row j is what all other residuals say of residual j, −P_jk / P_jj with P = WᵀW, the inverse of their covariance. */
export function placeSettle(arena: Arena, whitening: Float32Array, width: number): NonNullable<PlacedMember['settle']> {
  const inverse = new Float64Array(width * width)
  for (let i = 0; i < width; i++)
    for (let k = i; k < width; k++) {
      const value = whitening[k * width + i]!
      for (let j = 0; j <= i; j++) inverse[i * width + j]! += value * whitening[k * width + j]!
    }
  const given = placeGiven(arena, width, (j, k) => {
    const own = inverse[j * width + j]!
    return own > 0 ? -inverse[Math.max(j, k) * width + Math.min(j, k)]! / own : 0
  })
  const offsets = arena.reserve(Math.ceil(width / 8) * 8)
  return ({ residual, vectors }, masks) => operation(SETTLE, residual, masks, given, offsets, sweepsResidual, vectors)
}

/** For a member that is the linear rule of kinds/linear.ts; null for others. */
export function placeFill(arena: Arena, { layers, shares, scoring }: DenseMember): PlacedMember['fill'] {
  const [layer, ...more] = layers
  if (layer === undefined || more.length > 0 || shares !== undefined) return null
  const { inputs: width, weights, bias, activation } = layer
  if (activation.kind !== 'linear' || scoring.kind !== 'mahalanobis') return null
  for (let j = 0; j < width; j++) if (weights[j * width + j] !== 0) return null
  const given = placeGiven(arena, width, (j, k) => weights[k * width + j]!)
  const offsets = arena.place(bias, Math.ceil(width / 8) * 8)
  return ({ z, vectors }, masks) => operation(SETTLE, z, masks, given, offsets, sweepsValue, vectors)
}

/** What the value of column k adds to column j, for each k ≠ j. */
function placeGiven(arena: Arena, width: number, share: (j: number, k: number) => number): number {
  const stride = Math.ceil(width / 8) * 8
  const given = new Float32Array(width * stride)
  for (let j = 0; j < width; j++) for (let k = 0; k < width; k++) if (k !== j) given[j * stride + k] = share(j, k)
  return arena.place(given)
}
