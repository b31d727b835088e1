import assert from 'node:assert/strict'
import { test } from 'node:test'
import { covariance, invert } from '../../../libs/detector/covariance.ts'
import { scaled } from '../../../libs/detector/fit-scaler.ts'
import { scoresOf } from '../../../libs/detector/scores.ts'
import { linearModel, planted } from '../planted.ts'

const width = 4

test('its score is the Mahalanobis distance of the row, and a prediction never uses the column itself', () => {
  const rows = planted(500, width, 1)
  const model = linearModel(rows, planted(200, width, 2), width, 0.01)
  const { mean, matrix } = covariance(scaled(rows, 500, model.scaler), 500, width)
  const precision = invert(matrix, width)
  const fresh = planted(50, width, 3)
  const z = scaled(fresh, 50, model.scaler)
  const scores = scoresOf(model, fresh)
  for (let i = 0; i < 50; i++) {
    let distance = 0
    for (let j = 0; j < width; j++)
      for (let k = 0; k < width; k++)
        distance += (z[i * width + j]! - mean[j]!) * precision[j * width + k]! * (z[i * width + k]! - mean[k]!)
    assert.ok(Math.abs(scores[i]! / distance - 1) < 1e-3, `${scores[i]} for ${distance}`)
  }
  for (let j = 0; j < width; j++) assert.equal(model.members[0]!.layers[0]!.weights[j * width + j], 0)
})

test('a value so rare that none of the rows that were sampled holds it is rare, not infinitely strange', () => {
  const wide = 50
  const count = 60_000
  const rows = planted(count, wide, 4)
  for (let i = 0; i < count; i++) rows[i * wide] = 0
  // Every second row is sampled.
  rows[7 * wide] = rows[9 * wide] = 1
  const model = linearModel(rows, planted(200, wide, 5), wide, 0.01)
  const scores = scoresOf(model, rows.slice(0, 1000 * wide))
  const usual = scores.slice().sort()[990]!
  // In scaled units the value lies hundreds of deviations away: its square, and no more than that.
  assert.ok(scores[7]! < 2 * count && scores[7]! > usual, `${scores[7]}, usually below ${usual}`)
})
