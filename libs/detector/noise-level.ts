// Noise level: how noisy the cells of rows are, told by a detector that learnt from rows without that noise. A member that
// looks at rows knows how far its reconstruction was off in each column in training; what rows are farther off is laid to
// noise. How much noise does that is tried: some of a known level is put on, and the distance grows in proportion to squares.
// Invariants
//   L1 rows that are no farther off than those of training have the level 0; a level is finite.
// The level is one for all columns, in their standard deviations: noise is in all of them, what has moved since training
// mostly is not, so the lower quartile of what the columns say. Where more than three quarters have moved, that counts as noise.

import { Random } from '../core/random.ts'
import { invertLower } from './covariance.ts'
import { type Engine, engine, type View } from './engine.ts'
import { isLinear } from './expectation.ts'
import type { DenseMember, Model, Scoring, SequenceMember } from './model.ts'
import { withNoise } from './spoilt.ts'

/** Of the levels that columns tell, the one that counts. */
const levelQuantile = 0.25
/** Of the noise that is put on: in the middle of the levels that matter. */
const triedLevel = 0.3
/** Squares of distance for a square of noise: of a column that shows less, nothing is told. */
const growthMin = 0.1
/** Windows that are looked at, at most; of more, every k-th. */
const rowsMax = 5_000

/** Null: no member of the model knows. `rows`: as wide as the model, NaN where missing. */
export function noiseLevel(model: Model, rows: Float32Array, seed: number): number | null {
  const { width } = model
  const running = engine(model)
  const witness = witnessOf(model, running)
  if (witness === null) return null
  const sampled = thinned(rows, width)
  const { inverseScale } = model.scaler
  const noise = inverseScale.map((inverse) => (inverse === 0 ? 0 : triedLevel / inverse))
  const before = squaresOf(running, witness.view, sampled, width)
  const after = squaresOf(
    running,
    witness.view,
    withNoise(sampled, noise, Random.derived(seed, 'noise level').bits()),
    width,
  )
  const known = variances(witness.scoring, width)
  const squares: number[] = []
  for (let j = 0; j < width; j++) {
    const growth = (after[j]! - before[j]!) / triedLevel ** 2
    const square = Math.max(0, before[j]! - known[j]!) / growth
    if (inverseScale[j] !== 0 && growth >= growthMin && Number.isFinite(square)) squares.push(square)
  }
  squares.sort((a, b) => a - b)
  return Math.sqrt(squares[Math.floor(squares.length * levelQuantile)] ?? 0)
}

interface Witness {
  readonly view: View
  readonly scoring: Scoring
}

/** The linear member if there is one, since it never uses the column itself; of others the first. */
function witnessOf({ members }: Model, { views }: Engine): Witness | null {
  const knowing = members.flatMap((member, m) =>
    isWitness(member) ? [{ member, view: views[m]!, scoring: member.scoring }] : [],
  )
  return knowing.find(({ member }) => isLinear(member)) ?? knowing[0] ?? null
}

/** Those that see columns as they are. */
function isWitness(member: Model['members'][number]): member is DenseMember | SequenceMember {
  return (
    member.kind === 'sequence' || (member.kind === 'dense' && member.lens === undefined && member.bend === undefined)
  )
}

function thinned(rows: Float32Array, width: number): Float32Array {
  const count = rows.length / width
  const every = Math.max(1, Math.ceil(count / rowsMax))
  return every === 1 ? rows : rows.filter((_, i) => Math.floor(i / width) % every === 0)
}

/** Mean square of what each column is off, in scaled units, where it is not missing. */
function squaresOf({ side, examine }: Engine, { residual }: View, rows: Float32Array, width: number): Float64Array {
  const sums = new Float64Array(width)
  const counts = new Float64Array(width)
  for (let from = 0; from < rows.length; from += width) {
    side.set(rows.subarray(from, from + width))
    examine()
    for (let j = 0; j < width; j++) {
      if (Number.isNaN(rows[from + j]!)) continue
      sums[j]! += residual[j]! * residual[j]!
      counts[j]!++
    }
  }
  return sums.map((sum, j) => sum / Math.max(1, counts[j]!))
}

/** Of each column's residual in training. */
function variances(scoring: Scoring, width: number): ArrayLike<number> {
  if (scoring.kind === 'error-over-train') return scoring.trainError
  // Whitening is the inverse of the covariance's Cholesky factor, of which rows hold the variances.
  const factor = invertLower(Float64Array.from(scoring.whitening), width)
  return Array.from({ length: width }, (_, j) =>
    factor.subarray(j * width, (j + 1) * width).reduce((sum, value) => sum + value * value, 0),
  )
}
