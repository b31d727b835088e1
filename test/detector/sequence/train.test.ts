// Training of layers over steps: gradients against central differences of the definitions in float64, TensorFlow's products
// against the kernel's, and that something is learned.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../../libs/core/failure.ts'
import { Random } from '../../../libs/core/random.ts'
import type { SequenceMember } from '../../../libs/detector/model.ts'
import { kernelProducts, type Products } from '../../../libs/detector/sequence/products.ts'
import {
  initialLayers,
  lossAndGradients,
  reconstructSequence,
  type TrainedSequence,
  trainSequence,
} from '../../../libs/detector/sequence/train.ts'
import type { LayerForm } from '../../../libs/detector/sequence.ts'
import { nativeAbsent } from '../../../libs/detector/tensorflow/backend.ts'
import { tensorflowProducts } from '../../../libs/detector/tensorflow/products.ts'
import type { Batches } from '../../../libs/detector/tensorflow/train-dense.ts'
import { tensorflowSequence } from '../../contract/tensorflow-sequence.ts'
import { reconstructed, sequenceModel, sequences } from '../sequence-model.ts'

const nativeReason = await nativeAbsent()
const engines: readonly { name: string; make: () => Promise<Products>; skip: string | false }[] = [
  { name: 'kernel', make: async () => kernelProducts(), skip: false },
  { name: 'wasm', make: () => tensorflowProducts('wasm'), skip: false },
  { name: 'cpu', make: () => tensorflowProducts('cpu'), skip: false },
  {
    name: 'node',
    make: () => tensorflowProducts('node'),
    skip: nativeReason === null ? false : `native backend absent: ${nativeReason}`,
  },
]
const rows = 3
/** Tensor values whose slope is checked, of each tensor. */
const probes = 12

/** Squared, or beyond `delta` straight. */
function lossOf(member: SequenceMember, inputs: Float32Array, targets: Float32Array, delta: number): number {
  const width = inputs.length / rows
  let sum = 0
  for (let row = 0; row < rows; row++) {
    const found = reconstructed(member, Array.from(inputs.subarray(row * width, (row + 1) * width)))
    for (const [j, value] of found.entries()) {
      const target = targets[row * width + j]!
      if (Number.isNaN(target)) continue
      const error = Math.abs(value - target)
      sum += error < delta ? error ** 2 : delta * (2 * error - delta)
    }
  }
  return sum / (rows * width)
}

function slopesAgree(products: Products, forms: readonly LayerForm[], delta: number): void {
  const random = new Random(3)
  const member = sequenceModel(forms, 5).members[0]!
  const width = forms[0]!.input.steps * forms[0]!.input.channels
  const inputs = Float32Array.from({ length: rows * width }, () => random.normal())
  const targets = Float32Array.from({ length: rows * width }, () => random.normal())
  targets[1] = Number.NaN
  const kind = Number.isFinite(delta) ? ({ kind: 'huber', delta } as const) : ({ kind: 'squared' } as const)
  const { value, gradients } = lossAndGradients(products, member.layers, inputs, targets, kind)
  assert.ok(Math.abs(value / lossOf(member, inputs, targets, delta) - 1) < 1e-5)
  const tensors = member.layers.flatMap((layer) => layer.tensors)
  assert.equal(gradients.length, tensors.length)
  for (const [t, tensor] of tensors.entries()) {
    assert.equal(gradients[t]!.length, tensor.length)
    for (let probe = 0; probe < probes; probe++) {
      const i = random.integer(tensor.length)
      const kept = tensor[i]!
      const [high, low] = [Math.fround(kept + 2e-5), Math.fround(kept - 2e-5)]
      tensor[i] = high
      const above = lossOf(member, inputs, targets, delta)
      tensor[i] = low
      const slope = (above - lossOf(member, inputs, targets, delta)) / (high - low)
      tensor[i] = kept
      const found = gradients[t]![i]!
      assert.ok(Math.abs(found - slope) <= 1e-5 + 2e-3 * Math.abs(slope), `tensor ${t} at ${i}: ${found} for ${slope}`)
    }
  }
}

for (const { name, make, skip } of engines)
  for (const { name: shape, forms } of sequences)
    test(`${name}: ${shape}: the gradient is the slope of the loss`, { skip }, async () => {
      slopesAgree(await make(), forms, Number.POSITIVE_INFINITY)
    })

test('the gradient is the slope of the loss where it is straight for wild values', () => {
  slopesAgree(kernelProducts(), sequences[0]!.forms, 0.5)
})

const learned = sequences[0]!.forms
const width = 320

/** Windows of 40 steps of 8 channels, each a wave of its own speed and height in all channels. */
function waves(seed: number): Batches {
  const random = new Random(seed)
  return {
    batchRows: 32,
    fill: (inputs, targets) => {
      for (let i = 0; i < inputs.length; i += width) {
        const [speed, height] = [0.1 + 0.2 * random.uniform(), random.normal()]
        for (let j = 0; j < width; j++) inputs[i + j] = height * Math.sin(speed * Math.floor(j / 8) + (j % 8))
      }
      targets.set(inputs)
    },
  }
}

const trained = (products: Products, seed: number, steps: number): TrainedSequence =>
  trainSequence(products, learned, waves(5), { steps, learningRate: 3e-3, weightDecay: 1e-5, seed })

test('waves are learned, with the same bits each time and others for another seed', () => {
  const { losses } = trained(kernelProducts(), 1, 200)
  assert.ok(losses.length === 20 && losses.at(-1)! < 0.2 * losses[0]!, losses.join(' '))
  assert.deepEqual(trained(kernelProducts(), 1, 20).layers, trained(kernelProducts(), 1, 20).layers)
  assert.notDeepEqual(trained(kernelProducts(), 2, 20).layers, trained(kernelProducts(), 1, 20).layers)
})

test('TensorFlow trains with the same losses, and the same bits each time', async () => {
  const kernel = trained(kernelProducts(), 1, 20).losses
  for (const backend of ['wasm', 'cpu'] as const) {
    const products = await tensorflowProducts(backend)
    const first = trained(products, 1, 20)
    for (const [i, loss] of first.losses.entries()) assert.ok(Math.abs(loss / kernel[i]! - 1) < 1e-3, backend)
    assert.deepEqual(trained(products, 1, 20).layers, first.layers)
  }
})

test('a loss that is not finite ends the training', () => {
  const broken: Batches = { batchRows: 4, fill: (inputs, targets) => void targets.set(inputs.fill(3e38)) }
  const schedule = { steps: 5, learningRate: 1e-3, weightDecay: 0, seed: 1 }
  const failed = (thrown: unknown): boolean => thrown instanceof Failure && thrown.code === 'training-failed'
  assert.throws(() => trainSequence(kernelProducts(), learned, broken, schedule), failed)
})

for (const { name: shape, forms } of sequences)
  test(`${shape}: a reconstruction is that of TensorFlow's own layers`, async () => {
    const { layers } = sequenceModel(forms, 6).members[0]!
    const columns = forms[0]!.input.steps * forms[0]!.input.channels
    const random = new Random(8)
    const some = Float32Array.from({ length: 10 * columns }, () => random.normal())
    const wanted = await tensorflowSequence('cpu', layers, some, 10)
    const found = reconstructSequence(kernelProducts(), layers, some, 10)
    for (const [i, value] of found.entries())
      assert.ok(Math.abs(value - wanted[i]!) < 1e-5, `${value} for ${wanted[i]}`)
  })

test('reconstruction in passes equals reconstruction of each part', () => {
  const layers = initialLayers(learned, 1)
  const random = new Random(4)
  const many = Float32Array.from({ length: 300 * width }, () => random.normal())
  const whole = reconstructSequence(kernelProducts(), layers, many, 300)
  const part = reconstructSequence(kernelProducts(), layers, many.subarray(250 * width), 50)
  for (const [i, value] of part.entries()) assert.ok(Math.abs(value - whole[250 * width + i]!) < 1e-5)
})
