// Generate: rows that a variational detector makes up. A code is drawn, its network decodes it to what is expected of such a
// row, and what the network leaves unsaid is drawn as well: a deviation as its residuals on normal rows had them. Without it
// every column would vary too little, by what no code tells.
// Codes come from the prior, the standard normal; or, where rows are given, from the normal distribution that has the mean
// and covariance of their codes. A detector is trained to restore rows rather than to bring its codes to the prior: they
// are wider and go together, which the prior does not know and the rows do.
// Invariants
//   G1 the same model and seed give the same rows to the bit.
//   G2 every value is finite and within the scaler's clip; a column that never moved in training keeps its value.
// Source of the second: Ghosh et al., From variational to deterministic autoencoders (2020).

import { Failure } from '../core/failure.ts'
import { Random } from '../core/random.ts'
import { codeOf, decoderOf } from './code.ts'
import { cholesky, covariance } from './covariance.ts'
import type { Model, Scoring } from './model.ts'
import { reconstruction } from './reconstruction.ts'

/** `count` rows in the row's own units, stride = width; `like` are rows whose codes are to be drawn from, if any. */
export function generate(model: Model, count: number, seed: number, like: Float32Array | null = null): Float32Array {
  const decoder = decoderOf(model)
  if (model.kind !== 'variational' || decoder === null)
    throw new Failure(
      'usage',
      `only a variational detector of two columns and more makes rows up, none of ${model.kind}`,
    )
  const { width } = model
  const { mean, inverseScale, clip } = model.scaler
  const random = Random.derived(seed, 'codes')
  const drawn = like === null ? prior(decoder.columns, random) : codesLike(model, like, random)
  const { scoring } = decoder.member
  const deviation = deviations(scoring, width, Random.derived(seed, 'deviations'))
  const moves = Uint8Array.from({ length: width }, (_, j) => (varianceOf(scoring, width, j) === still ? 0 : 1))
  const rows = new Float32Array(count * width)
  for (let row = 0; row < count; row++) {
    const decoded = decoder.decode(drawn())
    const unsaid = deviation()
    for (let j = 0; j < width; j++) {
      const z = Math.min(clip, Math.max(-clip, decoded[j]! + unsaid[j]!))
      rows[row * width + j] = moves[j] === 0 ? mean[j]! : mean[j]! + z / inverseScale[j]!
    }
  }
  return rows
}

function prior(columns: number, random: Random): () => Float32Array {
  return () => Float32Array.from({ length: columns }, () => random.normal())
}

function codesLike(model: Model, rows: Float32Array, random: Random): () => Float32Array {
  const code = codeOf(model)
  const count = rows.length / model.width
  if (code === null || count < 2)
    throw new Failure('data-invalid', `codes cannot be learnt from ${count} rows; give more`)
  const { columns } = code
  const { complete } = reconstruction(model)
  const codes = new Float32Array(count * columns)
  for (let i = 0; i < count; i++) {
    const row = complete(rows.subarray(i * model.width, (i + 1) * model.width))
    codes.set(code.encode(row), i * columns)
  }
  const { mean, matrix } = covariance(codes, count, columns)
  const factor = cholesky(matrix, columns)
  return () => {
    const normal = Float64Array.from({ length: columns }, () => random.normal())
    return Float32Array.from(mean, (middle, c) => {
      let sum = middle
      for (let k = 0; k <= c; k++) sum += factor[c * columns + k]! * normal[k]!
      return sum
    })
  }
}

/** What a scoring says of a column that never moved (kinds/scoring.ts); another has exactly this by accident only. */
const still = 1

function varianceOf(scoring: Scoring, width: number, column: number): number {
  return scoring.kind === 'mahalanobis' ? scoring.whitening[column * width + column]! : scoring.trainError[column]!
}

/** Draws residuals whose covariance is that of the normal rows'; valid until the next call. */
function deviations(scoring: Scoring, width: number, random: Random): () => Float64Array {
  const out = new Float64Array(width)
  switch (scoring.kind) {
    case 'mahalanobis': {
      const { residualMean, whitening } = scoring
      return () => {
        // Whitened they are standard normal: whitening · r = n, solved from the first row on.
        for (let i = 0; i < width; i++) {
          let rest = random.normal()
          for (let j = 0; j < i; j++) rest -= whitening[i * width + j]! * out[j]!
          out[i] = rest / whitening[i * width + i]!
        }
        return out.map((value, j) => value + residualMean[j]!)
      }
    }
    case 'error-over-train':
      return () => {
        for (let j = 0; j < width; j++) out[j] = Math.sqrt(scoring.trainError[j]!) * random.normal()
        return out
      }
    default:
      return scoring satisfies never
  }
}
