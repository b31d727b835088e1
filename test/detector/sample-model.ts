// Sample models with random weights, for tests of engine, artefact and load: no training, any shape.

import { Random } from '../../libs/core/random.ts'
import type { Activation, DenseLayer, DenseMember, Model, Scoring, Shares } from '../../libs/detector/model.ts'

export interface DenseModel extends Model {
  readonly members: readonly DenseMember[]
}

export interface Shape {
  /** Widths from input to output. */
  readonly widths: readonly number[]
  readonly activation: Activation
  readonly scoring: Scoring['kind']
  readonly members: number
  readonly seed: number
  readonly categories?: Shares['categories']
}

export function sampleModel(shape: Shape): DenseModel {
  const random = Random.derived(shape.seed, 'sample-model')
  const width = shape.widths[0]!
  const floats = (length: number, spread: number): Float32Array =>
    Float32Array.from({ length }, () => random.normal() * spread)
  const layer = (inputs: number, outputs: number, activation: Activation): DenseLayer => ({
    kind: 'dense',
    inputs,
    outputs,
    activation,
    weights: floats(inputs * outputs, 1 / Math.sqrt(inputs)),
    bias: floats(outputs, 0.1),
  })
  const scoring = (): Scoring => {
    if (shape.scoring === 'error-over-train') {
      return { kind: shape.scoring, trainError: floats(width, 0.3).map((error) => Math.abs(error) + 0.05) }
    }
    const whitening = floats(width * width, 0.2)
    for (let i = 0; i < width; i++) for (let j = i; j < width; j++) whitening[i * width + j] = i === j ? 1 : 0
    return { kind: shape.scoring, residualMean: floats(width, 0.1), whitening }
  }
  const member = (): DenseMember => ({
    kind: 'dense',
    layers: shape.widths.slice(1).map((outputs, i) => {
      const last = i === shape.widths.length - 2
      return layer(shape.widths[i]!, outputs, last ? { kind: 'linear' } : shape.activation)
    }),
    ...(shape.categories === undefined
      ? {}
      : { shares: { categories: shape.categories, low: floats(width, 1), span: floats(width, 1) } }),
    scoring: scoring(),
  })
  return {
    kind: 'undercomplete',
    width,
    layout: {
      revision: '0123456789abcdef',
      features: Array.from({ length: width }, (_, i) => `feature-${i}`),
      groups: Int32Array.from({ length: width }, (_, i) => i),
    },
    scaler: { mean: floats(width, 5), inverseScale: floats(width, 1).map((s) => Math.abs(s) + 0.1), clip: 1000 },
    members: Array.from({ length: shape.members }, member),
    combination: { kind: 'mean' },
    calibration: {
      alpha: 0.01,
      threshold: 40,
      method: 'pareto',
      count: 999,
      knotScores: Float32Array.of(1, 5, 20, 30),
      knotPs: Float32Array.of(1, 0.5, 0.02, 0.001),
      tail: { level: 20, shape: 0.1, scale: 4, excesses: 20, count: 999 },
      keys: { hashes: Uint32Array.of(7, 70_000, 4_294_967_295), factors: Float32Array.of(0.5, 2, 1.5) },
    },
    manifest: { topic: 'sample', seed: shape.seed },
    gate: null,
    parent: null,
  }
}

/** Rows in row units; a share of the cells is missing. */
export function sampleRows(model: Model, count: number, missingShare: number, seed: number): Float32Array {
  const random = Random.derived(seed, 'sample-rows')
  return Float32Array.from({ length: count * model.width }, (_, i) => {
    const column = i % model.width
    const value = model.scaler.mean[column]! + random.normal() / model.scaler.inverseScale[column]!
    return random.uniform() < missingShare ? Number.NaN : value
  })
}
