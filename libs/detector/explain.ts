// Explain: which features a score comes from, and what was expected instead. A bad value corrupts the reconstruction of
// all columns, so the error of each column smears the blame; suspects are therefore masked and reconstructed again.
//   1 each column's share of the score; for a Mahalanobis member c_f = r_f (Σ⁻¹ r)_f, negative parts cut off;
//   2 suspects: features (all their columns) with at least a tenth of the total, at most five;
//   3 suspects are masked together and filled in by the reconstruction: what was expected of them;
//   4 a suspect's contribution is the fall of the score when it alone is replaced by what was expected.
// A member with a lens sees means over the steps of a window. Their shares are the last step's, and only of that step it says
// what it expected; and since a mean over more steps is not mended by the last of them, in step 4 a suspect is missing.
// Invariants
//   X1 contributions are ≥ 0 and sum to 1, or are all 0 when the score does not say anything.
//   X2 if no feature has a tenth of the total, contributions are the shares of step 1: no single feature is to blame.
//   X3 an imputed column contributes nothing.

import { partsOf } from './combination.ts'
import type { Explanation } from './detector.ts'
import { type Engine, probeRows } from './engine.ts'
import { lensBlock } from './lens.ts'
import { binsBeside, type HistogramMember, type Lens, type Member, type Model, type Scoring } from './model.ts'

const suspectShareMin = 0.1
const suspectsMax = 5

export function explain(model: Model, engine: Engine, row: Float32Array): Explanation {
  const { width, layout } = model
  const { groups } = layout
  const imputed = new Uint8Array(width)
  for (let column = 0; column < width; column++) imputed[column] = Number.isNaN(row[column]!) ? 1 : 0
  const shares = columnShares(model, engine, row)
  const suspects = suspectsOf(shares, groups, layout.features.length)
  if (suspects.length > 0) {
    engine.side.set(row)
    for (let column = 0; column < width; column++) {
      if (suspects.includes(groups[column]!)) engine.side[column] = Number.NaN
    }
    engine.examine()
  }
  const expected = expectedRow(model, engine, row)
  const contributions = new Float32Array(width)
  const falls = scoreFalls(model, engine, row, expected, suspects)
  const sum = falls.reduce((total, fall) => total + fall, 0)
  if (sum > 0) {
    suspects.forEach((group, i) => {
      spread(contributions, shares, groups, group, falls[i]! / sum)
    })
  } else {
    const total = shares.reduce((all, share) => all + share, 0)
    if (total > 0) for (let column = 0; column < width; column++) contributions[column] = shares[column]! / total
  }
  return { contributions, expected, imputed }
}

/** Per column, its part of the score of `row` as it is, ≥ 0; afterwards the engine has examined the row. */
function columnShares(model: Model, engine: Engine, row: Float32Array): Float64Array {
  engine.side.set(row)
  engine.examine()
  const shares = new Float64Array(model.width)
  const parts = partsOf(
    model.combination,
    engine.views.map(({ score }) => score[0]!),
  )
  model.members.forEach((member, m) => {
    const own = sharesInRow(member, engine.views[m]!.residual, model.width)
    for (let column = 0; column < own.length; column++) if (Number.isNaN(row[column]!)) own[column] = 0
    const total = own.reduce((sum, share) => sum + share, 0)
    if (total > 0)
      for (let column = 0; column < own.length; column++) shares[column]! += (parts[m]! * own[column]!) / total
  })
  return shares
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
      const width = residual.length
      return quadratic(residual, (i, j) => metric.to[j * width + i]!, width)
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
  const width = residual.length
  switch (scoring.kind) {
    case 'mahalanobis': {
      const { whitening } = scoring
      return quadratic(residual, (i, j) => (j > i ? 0 : whitening[i * width + j]!), width)
    }
    case 'error-over-train':
      return Float64Array.from(residual, (error, j) => (error * error) / scoring.trainError[j]!)
    default:
      return scoring satisfies never
  }
}

/** r_j (MᵀM r)_j, the parts of ‖M r‖², negative ones cut off. */
function quadratic(residual: Float32Array, at: (i: number, j: number) => number, width: number): Float64Array {
  const seen = new Float64Array(width)
  for (let i = 0; i < width; i++) for (let j = 0; j < width; j++) seen[i]! += at(i, j) * residual[j]!
  const shares = new Float64Array(width)
  for (let i = 0; i < width; i++) for (let j = 0; j < width; j++) shares[j]! += at(i, j) * seen[i]!
  for (let j = 0; j < width; j++) shares[j] = Math.max(0, shares[j]! * residual[j]!)
  return shares
}

/** Features with at least a tenth of the total, the largest first. */
function suspectsOf(shares: Float64Array, groups: Int32Array, features: number): number[] {
  const byFeature = new Float64Array(features)
  let total = 0
  for (let column = 0; column < shares.length; column++) {
    const group = groups[column]!
    byFeature[group] = byFeature[group]! + shares[column]!
    total += shares[column]!
  }
  const large: number[] = []
  for (let feature = 0; feature < features; feature++) {
    if (byFeature[feature]! > 0 && byFeature[feature]! >= suspectShareMin * total) large.push(feature)
  }
  return large.sort((a, b) => byFeature[b]! - byFeature[a]! || a - b).slice(0, suspectsMax)
}

/**
 * The mean reconstruction of the row last examined, in row units, of the members that say something of a column; a column
 * without scale was always its mean. Where no member says anything, the row's own value. Rows are never farther from normal
 * than the scaler's clip, and so nothing farther is expected, however much of the row is missing.
 */
function expectedRow(model: Model, engine: Engine, row: Float32Array): Float32Array {
  const { mean, inverseScale, clip } = model.scaler
  const sums = new Float64Array(model.width)
  const voices = new Float64Array(model.width)
  model.members.forEach((member, m) => {
    addExpected(member, engine.views[m]!.reconstructed, sums, voices)
  })
  return Float32Array.from(row, (own, column) => {
    const scale = inverseScale[column]!
    if (scale === 0) return mean[column]!
    if (voices[column] === 0) return Number.isNaN(own) ? mean[column]! : own
    const z = sums[column]! / voices[column]!
    return mean[column]! + Math.max(-clip, Math.min(clip, z)) / scale
  })
}

/** Adds what a member expects of each column, in scaled units, and a voice where it says something. */
export function addExpected(
  member: Member,
  reconstructed: Float32Array,
  sums: Float64Array,
  voices: Float64Array,
): void {
  const lens = lensOf(member)
  const first = lens === undefined ? 0 : sums.length - lens.channels
  for (let column = first; column < sums.length; column++) {
    const inverse = lens === undefined ? 1 : lens.inverse[column - first]!
    const center = lens === undefined ? 0 : lens.center[column - first]!
    if (inverse !== 0) sums[column]! += center + reconstructed[column - first]! / inverse
    voices[column]!++
  }
}

function lensOf(member: Member): Lens | undefined {
  return 'lens' in member ? member.lens : undefined
}

function scoreFalls(
  model: Model,
  engine: Engine,
  row: Float32Array,
  expected: Float32Array,
  suspects: readonly number[],
): number[] {
  const { width } = model
  const { groups } = model.layout
  const scores = new Float32Array(probeRows)
  const lensed = model.members.some((member) => lensOf(member) !== undefined)
  engine.side.set(row)
  for (let i = 0; i < suspects.length; i++) {
    const changed = engine.side.subarray((i + 1) * width, (i + 2) * width)
    changed.set(row)
    for (let column = 0; column < width; column++) {
      if (groups[column] !== suspects[i] || Number.isNaN(row[column]!)) continue
      changed[column] = lensed ? Number.NaN : expected[column]!
    }
  }
  engine.probe(suspects.length + 1, scores)
  return suspects.map((_, i) => Math.max(0, scores[0]! - scores[i + 1]!))
}

/** A feature's contribution over its columns, by their shares. */
function spread(
  contributions: Float32Array,
  shares: Float64Array,
  groups: Int32Array,
  group: number,
  contribution: number,
): void {
  let total = 0
  for (let column = 0; column < shares.length; column++) if (groups[column] === group) total += shares[column]!
  for (let column = 0; column < shares.length; column++) {
    if (groups[column] === group) contributions[column] = (contribution * shares[column]!) / total
  }
}
