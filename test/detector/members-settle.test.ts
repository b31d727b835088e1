// Rows with missing values: their scores are the distance of what was observed, and alarms are about as rare as of complete
// rows, however strongly columns depend on each other.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { cholesky, covariance, invertLower } from '../../libs/detector/covariance.ts'
import { fit } from '../../libs/detector/fit.ts'
import { fitScaler, scaled } from '../../libs/detector/fit-scaler.ts'
import type { DenseMember, Model } from '../../libs/detector/model.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import { linearModel, planted, requestOf } from './planted.ts'

const seed = Number(process.env['SEED'] ?? 17)
const width = 10
const rows = planted(4000, width, seed)
const fresh = planted(4000, width, seed + 1)

function holed(from: Float32Array, share: number): Float32Array {
  const random = Random.derived(seed, `holes-${share}`)
  return from.map((value) => (random.uniform() < share ? Number.NaN : value))
}

/** ‖W o‖² of the observed values with the covariance of the observed columns, times columns over columns observed. */
function marginal(row: readonly number[], mean: Float64Array, matrix: Float64Array): number {
  const observed = row.map((_, j) => j).filter((j) => !Number.isNaN(row[j]!))
  const size = observed.length
  if (size === 0) return 0
  const own = Float64Array.from(
    { length: size * size },
    (_, i) => matrix[observed[Math.floor(i / size)]! * width + observed[i % size]!]!,
  )
  const whitening = invertLower(cholesky(own, size), size)
  let square = 0
  for (let i = 0; i < size; i++) {
    let y = 0
    for (let j = 0; j <= i; j++) y += whitening[i * size + j]! * (row[observed[j]!]! - mean[observed[j]!]!)
    square += y * y
  }
  return (square * width) / size
}

/** Reconstructs nothing, so that the residual is the row itself. */
function unmoved(model: Model, mean: Float64Array, matrix: Float64Array): Model {
  const whitening = Float32Array.from(invertLower(cholesky(matrix, width), width))
  const member: DenseMember = {
    kind: 'dense',
    layers: [
      {
        kind: 'dense',
        inputs: width,
        outputs: width,
        activation: { kind: 'relu' },
        weights: new Float32Array(width * width),
        bias: new Float32Array(width),
      },
    ],
    scoring: { kind: 'mahalanobis', residualMean: Float32Array.from(mean), whitening },
  }
  return { ...model, members: [member] }
}

const linear = linearModel(rows, fresh, width, 0.02)
const scaler = fitScaler(rows, rows.length / width, width, false)
const { mean, matrix } = covariance(scaled(rows, rows.length / width, scaler), rows.length / width, width)

for (const [name, model] of [
  ['the linear member', linear],
  ['whitened residuals', unmoved(linear, mean, matrix)],
] as const)
  test(`${name}: the score is the distance of what was observed`, (t) => {
    const some = holed(fresh.subarray(0, 300 * width), 0.2)
    const z = scaled(some, 300, scaler)
    const found = scoresOf(model, some)
    const off = Array.from(found, (score, i) => {
      const wanted = marginal([...z.subarray(i * width, (i + 1) * width)], mean, matrix)
      return Math.abs(score - wanted) / (1 + wanted)
    }).sort((a, b) => a - b)
    t.diagnostic(`off by ${off[150]} in the middle, ${off[285]} of 95 in 100, ${off[299]} at most`)
    assert.ok(off[150]! < 0.01, `${off[150]}`)
  })

const network = await fit(requestOf(rows, width, { alpha: 0.02 }))

for (const [name, model] of [
  ['the linear member', linear],
  ['a network beside it', network],
] as const)
  test(`${name}: alarms on rows with missing values are about as rare as on complete ones`, (t) => {
    const alarms = (of: Float32Array): number =>
      scoresOf(model, of).filter((score) => score > model.calibration.threshold).length / (of.length / width)
    const [complete, tenth, third] = [fresh, holed(fresh, 0.1), holed(fresh, 0.3)].map(alarms)
    t.diagnostic(`alarms: ${complete} of complete rows, ${tenth} with a tenth missing, ${third} with three tenths`)
    assert.ok(tenth! < 1.6 * complete!, `${tenth} after ${complete}`)
    assert.ok(tenth! > complete! / 1.6, `${tenth} after ${complete}`)
  })

test('a row of which everything is missing scores 0', () => {
  const nothing = new Float32Array(width).fill(Number.NaN)
  for (const model of [linear, unmoved(linear, mean, matrix), network]) {
    const [score] = scoresOf(model, nothing)
    assert.ok(score! >= 0 && score! < 1e-6, `${score}`)
  }
})
