// Planted rows for tests of fits: columns that follow a few hidden causes with a little noise, so that a detector has
// something to learn, and rows that break it.

import { Random } from '../../libs/core/random.ts'
import { calibrate } from '../../libs/detector/calibration.ts'
import type { FitRequest } from '../../libs/detector/fit.ts'
import { fitScaler, scaled } from '../../libs/detector/fit-scaler.ts'
import { linearMember } from '../../libs/detector/kinds/linear.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import type { DenseModel } from './sample-model.ts'

const causes = 2

/** `count` rows of `width` columns; each column is a fixed mixture of two hidden causes plus noise of deviation 0.1. */
export function planted(count: number, width: number, seed: number): Float32Array {
  const random = new Random(seed)
  const mixture = new Random(99)
  const weights = Float64Array.from({ length: causes * width }, () => mixture.normal())
  const rows = new Float32Array(count * width)
  for (let i = 0; i < count; i++) {
    const hidden = [random.normal(), random.normal()]
    for (let j = 0; j < width; j++) {
      let sum = 0.1 * random.normal()
      for (const [c, value] of hidden.entries()) sum += weights[j * causes + c]! * value
      rows[i * width + j] = sum
    }
  }
  return rows
}

export function requestOf(rows: Float32Array, width: number, more: Partial<FitRequest> = {}): FitRequest {
  return {
    rows,
    count: rows.length / width,
    width,
    groups: Int32Array.from({ length: width }, (_, j) => j),
    names: Array.from({ length: width }, (_, j) => `x${j}`),
    revision: '0123456789abcdef',
    kind: 'undercomplete',
    seed: 1,
    alpha: 0.01,
    steps: 1,
    backend: 'auto',
    ...more,
  }
}

/** A model of the linear member alone, calibrated on `fresh` rows: quick, since nothing is trained. */
export function linearModel(rows: Float32Array, fresh: Float32Array, width: number, alpha: number): DenseModel {
  const count = rows.length / width
  const scaler = fitScaler(rows, count, width, false)
  const { names, groups, revision } = requestOf(rows, width)
  const model: DenseModel = {
    kind: 'undercomplete',
    width,
    layout: { revision, features: names, groups },
    scaler,
    members: [linearMember({ rows: scaled(rows, count, scaler), count, width })],
    combination: { kind: 'mean' },
    calibration: {
      alpha,
      threshold: 0,
      method: 'conformal',
      count: 0,
      knotScores: new Float32Array(0),
      knotPs: new Float32Array(0),
      tail: null,
      keys: null,
    },
    manifest: null,
    gate: null,
    parent: null,
  }
  return { ...model, calibration: calibrate(scoresOf(model, fresh), alpha) }
}
