// Dense trainer: trains a stack of dense layers on the kernel, a batch a step: forward, loss, backward, Adam.
// It keeps weights, gradients and moments in the kernel's memory; whoever drives it chooses rows, order, noise and rate.
// Invariants
//   D1 the same layers and the same steps give the same bits: no clock, no randomness, no threads.
//   D2 the loss is the mean over rows and columns, summed in float64, plus the penalty; a target that is NaN costs nothing.
//   D3 a step whose loss is not finite changes nothing and is answered as NaN.
// The products, the squared error and Adam are the kernel's. Other losses and the penalties touch each value of a batch once
// or twice and are plain code (loss.ts, penalty.ts), which saves a kernel of their own for each.
// Why not TensorFlow for these: its cost a step is dominated by its dispatch; it remains the oracle in tests.

import assert from 'node:assert/strict'
import { type DenseLayout, denseLayout } from './dense-layout.ts'
import { wasmKernel } from './kernel/kernel.ts'
import type { Program } from './kernel/program.ts'
import { type Loss, lossOnOutput } from './loss.ts'
import type { DenseLayer } from './model.ts'
import { unpacked } from './packing.ts'
import { type Penalty, penaltyOnCode, type Strided } from './penalty.ts'

const beta1 = 0.9
const beta2 = 0.999

export interface DenseTrainerOptions {
  /** Rows of the largest batch. */
  readonly rowsMax: number
  /** Weight decay: this share of the weights (not of the biases) is added to their gradient. */
  readonly decay: number
  /** The squared error unless said otherwise. */
  readonly loss?: Loss
  readonly penalty?: Penalty | null
}

export interface DenseTrainer {
  /** Values between the beginnings of two rows of `input` and `target`; what lies beyond the width stays 0. */
  readonly stride: number
  readonly input: Float32Array
  readonly target: Float32Array
  /** Reconstructions of the rows last stepped or looked at, in the same stride. */
  readonly output: Float32Array
  /** One step over the first `rows` rows; answers the loss before it. */
  step(rows: number, learningRate: number): number
  /** The loss of the first `rows` rows; nothing is learnt. */
  loss(rows: number): number
  /** The layers as they are now. */
  layers(): DenseLayer[]
  /** Gradients of the loss of the first `rows` rows, in the form of layers; nothing is learnt. */
  gradients(rows: number): DenseLayer[]
}

export function denseTrainer(layers: readonly DenseLayer[], options: DenseTrainerOptions): DenseTrainer {
  const { rowsMax, decay, loss = { kind: 'squared' }, penalty = null } = options
  const slopesOf = loss.kind === 'cross-entropy' ? 'logits' : 'outputs'
  if (slopesOf === 'logits') assert.equal(layers.at(-1)!.activation.kind, 'sigmoid', 'a cross-entropy is of shares')
  const plan = denseLayout(layers, { rowsMax, decay, penalty, slopesOf })
  const kernel = wasmKernel(plan.arena.bytes)
  plan.arena.furnish(kernel.memory)
  const floats = (at: number, length: number): Float32Array => new Float32Array(kernel.memory, at, length)
  const [rates, biasRates] = [floats(plan.rates, 2), floats(plan.biasRates, 2)]
  const values = rowsMax * plan.stride
  const [input, target] = [floats(plan.input, values), floats(plan.target, values)]
  const output = floats(plan.places.at(-1)!.output, values)
  const onCode = penalty === null ? null : penaltyOnCode(penalty, codeView(plan, floats, rowsMax))
  const outputLoss = lossOf(loss, plan, kernel, { output, target, slopes: floats(plan.outputSlopes, values) })
  let steps = 0
  let power1 = 1
  let power2 = 1

  const run = (program: Program, rows: number): void => {
    if (program.at < program.end) kernel.run(program, rows, rowsMax)
  }
  const forward = (rows: number): number => {
    assert.ok(rows > 0 && rows <= rowsMax, `cannot train on ${rows} rows`)
    run(plan.encode, rows)
    const asked = onCode === null ? 0 : onCode.forward(rows, steps + 1)
    run(plan.decode, rows)
    const all = outputLoss(rows) + asked
    return Number.isFinite(all) ? all : Number.NaN
  }
  const backward = (rows: number): void => {
    run(plan.backDecode, rows)
    onCode?.backward(rows)
    run(plan.backEncode, rows)
    onCode?.settle(rows)
  }
  const read = (from: number): DenseLayer[] =>
    plan.places.map(({ layer, blocks, weights, bias }) => ({
      ...layer,
      weights: unpacked(floats(from + weights, blocks * layer.inputs * 8), layer.inputs, layer.outputs),
      bias: floats(from + bias, layer.outputs).slice(),
    }))
  return {
    stride: plan.stride,
    input,
    target,
    output,
    step: (rows, learningRate) => {
      const before = forward(rows)
      if (Number.isNaN(before)) return before
      backward(rows)
      steps++
      power1 *= beta1
      power2 *= beta2
      rates[0] = learningRate / (1 - power1)
      rates[1] = 1 / (1 - power2)
      biasRates.set(rates)
      kernel.run(plan.adam, 1, 1)
      return before
    },
    loss: forward,
    layers: () => read(plan.parameters),
    gradients: (rows) => {
      forward(rows)
      backward(rows)
      return read(plan.gradients)
    },
  }
}

/** The loss of a batch; afterwards its gradient lies where the backward pass begins. */
function lossOf(
  loss: Loss,
  plan: DenseLayout,
  kernel: ReturnType<typeof wasmKernel>,
  memory: { readonly output: Float32Array; readonly target: Float32Array; readonly slopes: Float32Array },
): (rows: number) => number {
  const { width, stride } = plan
  if (loss.kind === 'squared') {
    const sum = new Float64Array(kernel.memory, plan.sum, 1)
    return (rows) => {
      kernel.run(plan.squares, rows, rows)
      return sum[0]! / (rows * width)
    }
  }
  const plain = lossOnOutput(loss, width)
  const strided = (values: Float32Array): Strided => ({ values, stride })
  const [outputs, targets, slopes] = [strided(memory.output), strided(memory.target), strided(memory.slopes)]
  return (rows) => {
    // Padded columns would otherwise keep what an earlier pass left there.
    slopes.values.fill(0, 0, rows * stride)
    return plain(outputs, targets, slopes, rows)
  }
}

function codeView(
  plan: DenseLayout,
  floats: (at: number, length: number) => Float32Array,
  rowsMax: number,
): Parameters<typeof penaltyOnCode>[1] {
  const { layer, blocks, weights, output } = plan.places[plan.cut - 1]!
  const stride = blocks * 8
  const latentStride = Math.ceil(plan.places[plan.cut]!.layer.inputs / 8) * 8
  const rows = (at: number, columns: number): Strided => ({ values: floats(at, rowsMax * columns), stride: columns })
  return {
    columns: layer.outputs,
    code: rows(output, stride),
    codeSlopes: rows(plan.codeSlopes, stride),
    latent: rows(plan.latent, latentStride),
    latentSlopes: rows(plan.latentSlopes, latentStride),
    activation: layer.activation,
    encoder: {
      inputs: layer.inputs,
      weights: floats(plan.parameters + weights, blocks * layer.inputs * 8),
      slopes: floats(plan.gradients + weights, blocks * layer.inputs * 8),
      at: (input, column) => ((column >> 3) * layer.inputs + input) * 8 + (column & 7),
    },
  }
}
