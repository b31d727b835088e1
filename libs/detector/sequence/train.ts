// Train: the training of layers over the steps of windows. The products are the kernel's or TensorFlow's; the chain rule, the
// loop, the loss and the optimiser are plain code, so that both begin with the same weights and see the same batches.
// Invariants
//   T1 the same forms, seed, data and products give the same weights to the bit.
//   T2 a loss that is not finite ends the training with `training-failed`; returned weights are finite.
// The norm of the gradient of all tensors together is clipped: through many steps it can be very large for a while.
// Sources: Loshchilov and Hutter, cosine annealing (2017); Glorot and Bengio (2010); Pascanu et al., On the difficulty of
// training recurrent neural networks (2013).

import { turn } from '../../core/elementary.ts'
import { Failure } from '../../core/failure.ts'
import { Random } from '../../core/random.ts'
import { adam, parameter } from '../adam.ts'
import { type Loss, lossOnOutput } from '../loss.ts'
import { LossCurve } from '../loss-curve.ts'
import { type LayerForm, type SequenceLayer, sizeOfTensor, type TensorForm, tensorsOf } from '../sequence.ts'
import type { Batches, Schedule } from '../tensorflow/train-dense.ts'
import { type LayerPass, layerPass } from './layer-pass.ts'
import type { Products } from './products.ts'

const gradientNormMax = 1
/** Rows of one reconstruction. */
const passRows = 256

export interface TrainedSequence {
  readonly layers: readonly SequenceLayer[]
  /** Mean loss over each twentieth of the steps, in order. */
  readonly losses: readonly number[]
}

export function trainSequence(
  products: Products,
  forms: readonly LayerForm[],
  batches: Batches,
  schedule: Schedule,
  loss: Loss = { kind: 'squared' },
): TrainedSequence {
  const layers = initialLayers(forms, schedule.seed)
  const parameters = layers.flatMap(({ tensors }) => tensors).map(parameter)
  // Weights decay, biases do not.
  const decays = forms.flatMap(tensorsOf).map(({ initial }) => (initial.kind === 'uniform' ? schedule.weightDecay : 0))
  const width = widthOf(layers)
  const inputs = new Float32Array(batches.batchRows * width)
  const targets = new Float32Array(batches.batchRows * width)
  const curve = new LossCurve(schedule.steps)
  for (let step = 1; step <= schedule.steps; step++) {
    batches.fill(inputs, targets)
    const { value, gradients } = lossAndGradients(products, layers, inputs, targets, loss)
    if (!Number.isFinite(value)) throw new Failure('training-failed', `the loss is not finite at step ${step}`)
    clip(gradients)
    const rate = schedule.learningRate * (0.5 + 0.5 * turn(step / schedule.steps / 2, 'cos'))
    for (const [i, each] of parameters.entries()) adam(each, gradients[i]!, rate, decays[i]!, step)
    curve.add(value)
    schedule.onStep?.(step, value)
  }
  for (const [l, { tensors }] of layers.entries()) {
    if (tensors.every((tensor) => tensor.every(Number.isFinite))) continue
    throw new Failure('training-failed', `layer ${l} has weights that are not finite`)
  }
  return { layers, losses: curve.points }
}

export function initialLayers(forms: readonly LayerForm[], seed: number): SequenceLayer[] {
  const random = Random.derived(seed, 'weights')
  return forms.map((form) => ({ form, tensors: tensorsOf(form).map((tensor) => initialTensor(tensor, random)) }))
}

function initialTensor(tensor: TensorForm, random: Random): Float32Array {
  const values = new Float32Array(sizeOfTensor(tensor))
  const { initial } = tensor
  if (initial.kind === 'constant') {
    const block = values.length / initial.values.length
    return values.map((_, i) => initial.values[Math.floor(i / block)]!)
  }
  const bound = Math.sqrt(6 / (initial.fanIn + initial.fanOut))
  return values.map(() => (2 * random.uniform() - 1) * bound)
}

/**
 * Of one batch: the mean over rows and columns of the loss, and its gradients, tensor by tensor over all layers.
 */
export function lossAndGradients(
  products: Products,
  layers: readonly SequenceLayer[],
  inputs: Float32Array,
  targets: Float32Array,
  loss: Loss = { kind: 'squared' },
): { readonly value: number; readonly gradients: readonly Float32Array[] } {
  const width = widthOf(layers)
  const passes: LayerPass[] = []
  let current: Float32Array = inputs
  for (const { form, tensors } of layers) {
    const pass = layerPass(form, tensors, current, products)
    passes.push(pass)
    current = pass.output
  }
  const slopes = new Float32Array(targets.length)
  const strided = (values: Float32Array): { values: Float32Array; stride: number } => ({ values, stride: width })
  const ofOutput = lossOnOutput(loss, width)
  const value = ofOutput(strided(current), strided(targets), strided(slopes), inputs.length / width)
  let above: Float32Array = slopes
  const gradients: (readonly Float32Array[])[] = []
  for (const pass of passes.reverse()) {
    const { below, gradients: own } = pass.backward(above)
    gradients.unshift(own)
    above = below
  }
  return { value, gradients: gradients.flat() }
}

function clip(gradients: readonly Float32Array[]): void {
  let squares = 0
  for (const gradient of gradients) for (const slope of gradient) squares += slope * slope
  const share = gradientNormMax / Math.sqrt(squares)
  if (!(share < 1)) return
  for (const gradient of gradients) for (let i = 0; i < gradient.length; i++) gradient[i]! *= share
}

/** Reconstructions of `count` rows, which a fit needs of its training rows. Never for scoring: that is the engine's. */
export function reconstructSequence(
  products: Products,
  layers: readonly SequenceLayer[],
  rows: Float32Array,
  count: number,
): Float32Array {
  const width = widthOf(layers)
  const out = new Float32Array(count * width)
  for (let from = 0; from < count; from += passRows) {
    const size = Math.min(passRows, count - from)
    let current: Float32Array = rows.slice(from * width, (from + size) * width)
    for (const { form, tensors } of layers) current = layerPass(form, tensors, current, products).output
    out.set(current, from * width)
  }
  return out
}

function widthOf([first]: readonly SequenceLayer[]): number {
  return first === undefined ? 0 : first.form.input.steps * first.form.input.channels
}
