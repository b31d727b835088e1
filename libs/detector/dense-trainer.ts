// Dense trainer: trains a stack of dense layers on the kernel, a batch a step: forward, mean squared error, backward, Adam.
// It keeps weights, gradients and moments in the kernel's memory; whoever drives it chooses rows, order, noise and rate.
// Invariants
//   D1 the same layers and the same steps give the same bits: no clock, no randomness, no threads.
//   D2 the loss is the mean over rows and columns, summed over rows in float64; a target that is NaN costs nothing.
//   D3 a step whose loss is not finite changes nothing and is answered as NaN.
// Why not TensorFlow for these: its cost a step is dominated by its dispatch; it remains the oracle in tests.

import assert from 'node:assert/strict'
import { Arena } from './kernel/arena.ts'
import { wasmKernel } from './kernel/kernel.ts'
import { ADAM, BACKWARD, DENSE, DERIVE, LOSS, operation, type Program, real, TRANSPOSE } from './kernel/program.ts'
import { packed, shape, unpacked } from './members.ts'
import type { DenseLayer } from './model.ts'

const beta1 = 0.9
const beta2 = 0.999
/** Word of the Adam operation at which its rate and spread lie. */
const adamRateWord = 7

export interface DenseTrainerOptions {
  /** Rows of the largest batch. */
  readonly rowsMax: number
  /** Weight decay: this share of the weights (not of the biases) is added to their gradient. */
  readonly decay: number
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

interface Place {
  readonly layer: DenseLayer
  readonly blocks: number
  /** Where weights and bias lie from the beginning of the parameters, in bytes. */
  readonly weights: number
  readonly bias: number
  readonly output: number
  readonly slope: number
  readonly curve: number
}

export function denseTrainer(layers: readonly DenseLayer[], options: DenseTrainerOptions): DenseTrainer {
  const { rowsMax } = options
  const plan = planTraining(layers, options)
  const kernel = wasmKernel(plan.arena.bytes)
  plan.arena.furnish(kernel.memory)
  const floats = (at: number, length: number): Float32Array => new Float32Array(kernel.memory, at, length)
  const sum = new Float64Array(kernel.memory, plan.sum, 1)
  const [rates, biasRates] = [floats(plan.rates, 2), floats(plan.biasRates, 2)]
  const values = rowsMax * plan.stride
  let power1 = 1
  let power2 = 1

  const run = (program: Program, rows: number): number => {
    assert.ok(rows > 0 && rows <= rowsMax, `cannot train on ${rows} rows`)
    kernel.run(program, rows, rowsMax)
    const loss = sum[0]! / (rows * plan.width)
    return Number.isFinite(loss) ? loss : Number.NaN
  }
  const read = (from: number): DenseLayer[] =>
    plan.places.map(({ layer, blocks, weights, bias }) => ({
      ...layer,
      weights: unpacked(floats(from + weights, blocks * layer.inputs * 8), layer.inputs, layer.outputs),
      bias: floats(from + bias, layer.outputs).slice(),
    }))
  return {
    stride: plan.stride,
    input: floats(plan.input, values),
    target: floats(plan.target, values),
    output: floats(plan.places.at(-1)!.output, values),
    step: (rows, learningRate) => {
      const loss = run(plan.backward, rows)
      if (Number.isNaN(loss)) return loss
      power1 *= beta1
      power2 *= beta2
      rates[0] = learningRate / (1 - power1)
      rates[1] = 1 / (1 - power2)
      biasRates.set(rates)
      kernel.run(plan.adam, 1, 1)
      return loss
    },
    loss: (rows) => run(plan.forward, rows),
    layers: () => read(plan.parameters),
    gradients: (rows) => {
      run(plan.backward, rows)
      return read(plan.gradients)
    },
  }
}

interface TrainingPlan {
  readonly arena: Arena
  readonly width: number
  readonly stride: number
  readonly places: readonly Place[]
  readonly input: number
  readonly target: number
  readonly parameters: number
  readonly gradients: number
  readonly sum: number
  readonly forward: Program
  readonly backward: Program
  readonly adam: Program
  /** Where Adam's rate and spread lie, for weights and for biases. */
  readonly rates: number
  readonly biasRates: number
}

function planTraining(layers: readonly DenseLayer[], { rowsMax, decay }: DenseTrainerOptions): TrainingPlan {
  const arena = new Arena()
  const width = layers[0]!.inputs
  const stride = Math.ceil(width / 8) * 8
  assert.equal(layers.at(-1)!.outputs, width, 'an autoencoder ends as wide as it begins')
  const rowsRoom = Math.ceil(rowsMax / 4) * 4
  const room = (columns: number): number => arena.reserve(rowsRoom * Math.ceil(columns / 8) * 8)
  const { places, values, weightBytes } = placeLayers(layers, room)
  const parameters = arena.place(values)
  const [gradients, means, squares] = [values, values, values].map(({ length }) => arena.reserve(length)) as [
    number,
    number,
    number,
  ]
  const columnsMax = Math.max(...layers.map((layer) => Math.max(layer.inputs, layer.outputs)))
  const [input, target, left, right] = [room(width), room(width), room(columnsMax), room(columnsMax)]
  const zeros = arena.reserve(Math.ceil(columnsMax / 8) * 8)
  const transposed = arena.reserve(Math.max(...layers.map((l) => Math.ceil(l.inputs / 8) * 8 * l.outputs)))
  const valid = arena.place(new Int32Array(width).fill(-1), stride)
  const sum = arena.reserve(2)

  const forward = places.flatMap(({ layer, blocks, weights, bias, output, slope, curve }, i) => {
    const from = i === 0 ? input : places[i - 1]!.output
    const fromStride = Math.ceil(layer.inputs / 8) * 32
    const [w, b] = [parameters + weights, parameters + bias]
    return operation(DENSE, from, fromStride, layer.inputs, 0, w, b, output, blocks * 32, blocks, real(slope), curve)
  })
  forward.push(...operation(LOSS, places.at(-1)!.output, target, valid, left, stride / 4, width, sum))
  const backward = [...forward]
  let gradient = left
  for (let i = places.length - 1; i >= 0; i--) {
    const { layer, blocks, weights, bias, output, slope, curve } = places[i]!
    const from = i === 0 ? input : places[i - 1]!.output
    const inputBlocks = Math.ceil(layer.inputs / 8)
    const bytes = blocks * 32
    if (slope !== 1 || curve !== 0)
      backward.push(...operation(DERIVE, gradient, output, blocks * 2, real(slope), curve))
    const [w, b] = [gradients + weights, gradients + bias]
    backward.push(...operation(BACKWARD, from, inputBlocks * 32, layer.inputs, gradient, bytes, blocks, w, b))
    if (i === 0) break
    const next = gradient === left ? right : left
    backward.push(
      ...operation(TRANSPOSE, parameters + weights, layer.inputs, layer.outputs, transposed),
      ...operation(
        DENSE,
        gradient,
        bytes,
        layer.outputs,
        0,
        transposed,
        zeros,
        next,
        inputBlocks * 32,
        inputBlocks,
        real(1),
        0,
      ),
    )
    gradient = next
  }
  const update = (at: number, bytes: number, share: number): number[] =>
    operation(ADAM, parameters + at, gradients + at, means + at, squares + at, bytes, 0, 0, real(share))
  const ofWeights = update(0, weightBytes, decay)
  const adam = arena.program([...ofWeights, ...update(weightBytes, values.length * 4 - weightBytes, 0)])
  const rates = adam.at + adamRateWord * 4
  const programs = { forward: arena.program(forward), backward: arena.program(backward), adam }
  return {
    arena,
    width,
    stride,
    places,
    input,
    target,
    parameters,
    gradients,
    sum,
    rates,
    biasRates: rates + ofWeights.length * 4,
    ...programs,
  }
}

/** Parameters of all layers, packed: all weights, then all biases, so that Adam runs over each as one. */
function placeLayers(
  layers: readonly DenseLayer[],
  room: (columns: number) => number,
): { readonly places: readonly Place[]; readonly values: Float32Array; readonly weightBytes: number } {
  const weightParts = layers.map((layer) => packed(layer.weights, layer.inputs, layer.outputs))
  const biasParts = layers.map((layer) => {
    const bias = new Float32Array(Math.ceil(layer.outputs / 8) * 8)
    bias.set(layer.bias)
    return bias
  })
  const starts: number[] = []
  let end = 0
  for (const part of [...weightParts, ...biasParts]) {
    starts.push(end)
    end += part.length
  }
  const values = new Float32Array(end)
  for (const [i, part] of [...weightParts, ...biasParts].entries()) values.set(part, starts[i])
  const places = layers.map((layer, i): Place => {
    const blocks = Math.ceil(layer.outputs / 8)
    const [weights, bias] = [starts[i]! * 4, starts[layers.length + i]! * 4]
    return { layer, blocks, weights, bias, output: room(layer.outputs), ...shape(layer.activation) }
  })
  return { places, values, weightBytes: starts[layers.length]! * 4 }
}
