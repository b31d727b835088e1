// Dense plan: what follows from the plan of a dense network for every trainer alike: the layers to begin with, and those
// that serve once it is trained.

import { Random } from '../core/random.ts'
import type { DenseLayer } from './model.ts'
import { latentColumns } from './penalty.ts'
import type { DensePlan } from './tensorflow/train-dense.ts'

/** Uniform weights after Glorot and Bengio (2010), biases 0. */
export function initialLayers(plan: DensePlan, seed: number): DenseLayer[] {
  const { widths, activations, penalty = null } = plan
  const random = Random.derived(seed, 'weights')
  return activations.map((activation, l) => {
    const before = widths[l]!
    const inputs = penalty?.layer === l - 1 ? latentColumns(penalty, before) : before
    const outputs = widths[l + 1]!
    const bound = Math.sqrt(6 / (inputs + outputs))
    const weights = Float32Array.from({ length: inputs * outputs }, () => (2 * random.uniform() - 1) * bound)
    return { kind: 'dense', inputs, outputs, activation, weights, bias: new Float32Array(outputs) }
  })
}

/** The layers that score: without sampling, a code is its mean. */
export function servingLayers(plan: DensePlan, layers: readonly DenseLayer[]): DenseLayer[] {
  const { penalty = null } = plan
  return layers.map((layer, l) => {
    if (penalty?.kind !== 'variational' || penalty.layer !== l) return layer
    return outputsOf(layer, 0, latentColumns(penalty, layer.outputs))
  })
}

/** The layer that gives the log-variances of the codes, or null where codes are no clouds. */
export function spreadLayer({ penalty = null }: DensePlan, layers: readonly DenseLayer[]): DenseLayer | null {
  if (penalty?.kind !== 'variational') return null
  const layer = layers[penalty.layer]!
  return outputsOf(layer, latentColumns(penalty, layer.outputs), layer.outputs)
}

/** The layer with its outputs [from, to) alone. */
function outputsOf(layer: DenseLayer, from: number, to: number): DenseLayer {
  const { inputs, weights } = layer
  const outputs = to - from
  const kept = Float32Array.from({ length: inputs * outputs }, (_, i) => {
    return weights[Math.floor(i / outputs) * layer.outputs + from + (i % outputs)]!
  })
  return { ...layer, outputs, weights: kept, bias: layer.bias.slice(from, to) }
}
