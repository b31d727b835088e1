// Shares: what part each column has in the score of the row that the engine examined last. A bad value corrupts what is
// expected of all columns, and so these smear; they tell where to look, not what is to blame.
// Of a Mahalanobis distance the part is r_f (Σ⁻¹ r)_f, negative ones cut off. A member with a lens sees means over the steps
// of a window: their shares are the last step's.

import { parting } from './combination.ts'
import type { Engine } from './engine.ts'
import { lensOf } from './expectation.ts'
import { lensBlock } from './lens.ts'
import { binsBeside, type HistogramMember, type Member, type Model, type Scoring } from './model.ts'

/** Per column of `row` ≥ 0; 0 where it has no value. Their sum is 1, or 0. */
export type Shares = (row: Float32Array) => Float64Array

export function columnShares(model: Model, engine: Engine): Shares {
  const { width, members } = model
  const partsOf = parting(model.combination)
  return (row) => {
    const shares = new Float64Array(width)
    const parts = partsOf(engine.views.map(({ score }) => score[0]!))
    for (const [m, member] of members.entries()) {
      const own = sharesInRow(member, engine.views[m]!.residual, width)
      let total = 0
      for (let column = 0; column < width; column++) {
        if (Number.isNaN(row[column]!)) own[column] = 0
        total += own[column]!
      }
      if (total === 0) continue
      for (let column = 0; column < width; column++) shares[column]! += (parts[m]! * own[column]!) / total
    }
    return shares
  }
}

/** Of each column of the row, its part of the member's score, ≥ 0, in no particular unit. */
function sharesInRow(member: Member, residual: Float32Array, width: number): Float64Array {
  const seen = sharesOf(member, residual)
  const lens = lensOf(member)
  if (lens === undefined) return seen
  const shares = new Float64Array(width)
  const block = lensBlock(lens)
  const last = width - lens.channels
  for (let i = 0; i < seen.length; i++) if (i % block < lens.channels) shares[last + (i % block)]! += seen[i]!
  return shares
}

/** The same of each column that the member sees. */
function sharesOf(member: Member, residual: Float32Array): Float64Array {
  switch (member.kind) {
    case 'dense':
    case 'sequence':
      return sharesOfResidual(member.scoring, residual)
    case 'divergence':
      return Float64Array.from(residual, (error) => error * error)
    case 'neighbours': {
      const { metric, scoring } = member
      if (scoring.kind === 'error-over-train') return sharesOfResidual(scoring, residual)
      if (metric === null) return Float64Array.from(residual, (error) => error * error)
      return quadratic(residual, metric.to, 'transposed')
    }
    case 'histogram':
      return rarities(member, residual)
    default:
      return member satisfies never
  }
}

/** How much rarer each value is than a missing one would count. */
function rarities({ typical, low, inverse, table, bins }: HistogramMember, residual: Float32Array): Float64Array {
  return Float64Array.from(residual, (error, j) => {
    const place = (error + typical[j]! - low[j]!) * inverse[j]! + 1
    const entries = j * (bins + binsBeside)
    const value = table[entries + Math.floor(Math.min(Math.max(place, 0), bins + 1))]!
    return Math.max(0, value - table[entries + bins + 2]!)
  })
}

function sharesOfResidual(scoring: Scoring, residual: Float32Array): Float64Array {
  switch (scoring.kind) {
    case 'mahalanobis':
      return quadratic(residual, scoring.whitening, 'as it is')
    case 'error-over-train':
      return Float64Array.from(residual, (error, j) => (error * error) / scoring.trainError[j]!)
    default:
      return scoring satisfies never
  }
}

/** r_j (MᵀM r)_j, the parts of ‖M r‖², negative ones cut off. */
function quadratic(residual: Float32Array, matrix: Float32Array, order: 'as it is' | 'transposed'): Float64Array {
  const width = residual.length
  const [down, along] = order === 'as it is' ? [width, 1] : [1, width]
  const shares = new Float64Array(width)
  for (let i = 0; i < width; i++) {
    let seen = 0
    for (let j = 0; j < width; j++) seen += matrix[i * down + j * along]! * residual[j]!
    for (let j = 0; j < width; j++) shares[j]! += matrix[i * down + j * along]! * seen
  }
  for (let j = 0; j < width; j++) shares[j] = Math.max(0, shares[j]! * residual[j]!)
  return shares
}
