// Training of a dense network on TensorFlow: forward and backward pass are TensorFlow's matrix operations, the loop, the
// loss and the optimiser (Adam) are ours. The chain rule is written out for dense layers, because the engine's tape costs as
// much as the arithmetic at these sizes and its gradients live in a package that we do not need otherwise.
// Invariants
//   T1 the same plan, seed, data and backend give the same weights to the bit: every random number is ours, and batches are
//      made in a fixed order.
//   T2 a loss that is not finite ends the training with `training-failed`; returned weights are finite.
//   T3 no tensor outlives a step.
// Two facts of the WebAssembly backend shape the code: products with a transposed operand are 3 times slower than a
// transposition followed by a plain product, and a sum over rows is faster as a product with a row of ones.
// Sources: Loshchilov and Hutter, cosine annealing (2017); Glorot and Bengio (2010).

import {
  engine,
  fused,
  matMul,
  mul,
  square,
  step,
  sub,
  type Tensor2D,
  tanh,
  tensor1d,
  tensor2d,
  transpose,
} from '@tensorflow/tfjs-core'
import { turn } from '../../core/elementary.ts'
import { Failure } from '../../core/failure.ts'
import { adam, type Parameter, parameter } from '../adam.ts'
import { initialLayers } from '../dense-plan.ts'
import { type Loss, lossOnOutput } from '../loss.ts'
import { LossCurve } from '../loss-curve.ts'
import type { Activation, DenseLayer } from '../model.ts'
import type { Penalty } from '../penalty.ts'
import { type BackendName, useBackend } from './backend.ts'
import { type Code, codeOf } from './code.ts'

/** A network to be: widths[0] inputs, then the outputs of each layer. */
export interface DensePlan {
  readonly widths: readonly number[]
  readonly activations: readonly Activation[]
  /** The squared error unless said otherwise. */
  readonly loss?: Loss
  /** On the code, which is the output of one of the layers; a code of means and log-variances is twice as wide as what is taken of it. */
  readonly penalty?: Penalty | null
}

/** Makes the batches. A target that is NaN is not observed and costs nothing. */
export interface Batches {
  readonly batchRows: number
  fill(inputs: Float32Array, targets: Float32Array): void
}

export interface Schedule {
  readonly steps: number
  readonly learningRate: number
  readonly weightDecay: number
  readonly seed: number
  /** Called after each step; throws to stop. */
  readonly onStep?: (step: number, loss: number) => void
}

export interface Trained {
  readonly layers: readonly DenseLayer[]
  /** Mean loss over each twentieth of the steps, in order. */
  readonly losses: readonly number[]
}

export async function trainDense(
  backend: BackendName,
  plan: DensePlan,
  batches: Batches,
  schedule: Schedule,
): Promise<Trained> {
  const begun = initialLayers(plan, schedule.seed)
  const weights = begun.map((layer) => parameter(layer.weights))
  const biases = begun.map((layer) => parameter(layer.bias))
  const inputs = new Float32Array(batches.batchRows * plan.widths[0]!)
  const targets = new Float32Array(batches.batchRows * plan.widths.at(-1)!)
  const curve = new LossCurve(schedule.steps)
  await useBackend(backend)
  for (let step = 1; step <= schedule.steps; step++) {
    batches.fill(inputs, targets)
    const { loss, gradients } = lossAndGradients(plan, values(weights), values(biases), inputs, targets, step)
    if (!Number.isFinite(loss)) throw new Failure('training-failed', `the loss is not finite at step ${step}`)
    const rate = schedule.learningRate * (0.5 + 0.5 * turn(step / schedule.steps / 2, 'cos'))
    for (const [l, layer] of weights.entries()) adam(layer, gradients.weights[l]!, rate, schedule.weightDecay, step)
    for (const [l, layer] of biases.entries()) adam(layer, gradients.biases[l]!, rate, 0, step)
    curve.add(loss)
    schedule.onStep?.(step, loss)
  }
  for (const [l, { weights, bias }] of begun.entries()) {
    if (weights.every(Number.isFinite) && bias.every(Number.isFinite)) continue
    throw new Failure('training-failed', `layer ${l} has weights that are not finite`)
  }
  return { layers: begun, losses: curve.points }
}

function values(parameters: readonly Parameter[]): Float32Array[] {
  return parameters.map((each) => each.values)
}

export interface Pass {
  readonly loss: number
  readonly gradients: { readonly weights: readonly Float32Array[]; readonly biases: readonly Float32Array[] }
}

/**
 * Of one batch on the current backend: the mean over rows and columns of the loss, plus the penalty. What the loss asks of
 * the outputs and the penalty of the code is computed in plain code, as in the dense trainer; all products are TensorFlow's.
 */
export function lossAndGradients(
  plan: DensePlan,
  weights: readonly Float32Array[],
  biases: readonly Float32Array[],
  inputs: Float32Array,
  targets: Float32Array,
  at = 1,
): Pass {
  const width = plan.widths[0]!
  const rows = inputs.length / width
  const depth = plan.activations.length
  engine().startScope()
  try {
    const kernels = weights.map((layer, l) => tensor2d(layer, [layer.length / biases[l]!.length, biases[l]!.length]))
    const outputs: Tensor2D[] = []
    /** What each layer reads. */
    const read: Tensor2D[] = [tensor2d(inputs, [rows, width])]
    let code: Code | null = null
    for (const [l, kernel] of kernels.entries()) {
      const output = forward(read[l]!, kernel, biases[l]!, plan.activations[l]!)
      outputs.push(output)
      if (plan.penalty?.layer === l)
        code = codeOf(plan.penalty, plan.activations[l]!, weights[l]!, output.dataSync<'float32'>(), rows, at)
      read.push(code !== null && plan.penalty?.layer === l ? tensor2d(code.latent, [rows, code.taken]) : output)
    }
    const slope = new Float32Array(targets.length)
    const strided = (values: Float32Array): { values: Float32Array; stride: number } => ({ values, stride: width })
    const reconstructed = strided(outputs.at(-1)!.dataSync<'float32'>())
    const ofOutput = lossOnOutput(plan.loss ?? { kind: 'squared' }, width)
    const loss = ofOutput(reconstructed, strided(targets), strided(slope), rows) + (code?.value ?? 0)
    const ones = tensor2d(new Float32Array(rows).fill(1), [1, rows])
    let down: Tensor2D = tensor2d(slope, [rows, width])
    const gradientsOfWeights: Float32Array[] = []
    const gradientsOfBiases: Float32Array[] = []
    for (let l = depth - 1; l >= 0; l--) {
      if (code !== null && plan.penalty?.layer === l) down = throughCode(code, down, rows)
      const derived = l === depth - 1 && plan.loss?.kind === 'cross-entropy'
      if (!derived) down = throughActivation(down, outputs[l]!, plan.activations[l]!)
      const gradient = matMul(transpose(read[l]!), down).dataSync<'float32'>()
      if (code !== null && plan.penalty?.layer === l) code.settle(gradient)
      gradientsOfWeights.unshift(gradient)
      gradientsOfBiases.unshift(matMul(ones, down).dataSync<'float32'>())
      if (l > 0) down = matMul(down, transpose(kernels[l]!))
    }
    return { loss, gradients: { weights: gradientsOfWeights, biases: gradientsOfBiases } }
  } finally {
    engine().endScope()
  }
}

/** From the gradient at what the decoder takes to that of the code. */
function throughCode(code: Code, down: Tensor2D, rows: number): Tensor2D {
  return tensor2d(code.backward(down.dataSync<'float32'>()), [rows, code.columns])
}

export function forward(rows: Tensor2D, kernel: Tensor2D, bias: Float32Array, activation: Activation): Tensor2D {
  const affine = { a: rows, b: kernel, transposeA: false, transposeB: false, bias: tensor1d(bias) }
  switch (activation.kind) {
    case 'linear':
    case 'relu':
    case 'sigmoid':
      return fused.matMul({ ...affine, activation: activation.kind }) as Tensor2D
    case 'leaky-relu':
      return fused.matMul({ ...affine, activation: 'leakyrelu', leakyreluAlpha: activation.alpha }) as Tensor2D
    case 'tanh':
      return tanh(fused.matMul({ ...affine, activation: 'linear' }) as Tensor2D)
    default:
      return activation satisfies never
  }
}

/** The gradient before the activation, from the gradient after it and the activation's own output. */
function throughActivation(down: Tensor2D, output: Tensor2D, activation: Activation): Tensor2D {
  switch (activation.kind) {
    case 'linear':
      return down
    case 'relu':
      return mul(down, step(output, 0))
    case 'leaky-relu':
      return mul(down, step(output, activation.alpha))
    case 'tanh':
      return mul(down, sub(1, square(output)))
    case 'sigmoid':
      return mul(down, sub(output, square(output)))
    default:
      return activation satisfies never
  }
}
