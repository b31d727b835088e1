// Layers over the steps of windows by TensorFlow's own operations (its convolutions, activations, products), which share
// nothing with our training or our engine: what both are held against.

import * as tf from '@tensorflow/tfjs-core'
import type { Activation } from '../../libs/detector/model.ts'
import type {
  AttentionForm,
  ConvolutionForm,
  ImageForm,
  LayerForm,
  RecurrentForm,
  SequenceLayer,
} from '../../libs/detector/sequence.ts'
import { normalEpsilon, tensorsOf } from '../../libs/detector/sequence.ts'
import { type BackendName, useBackend } from '../../libs/detector/tensorflow/backend.ts'

/** Reconstructions of rows. */
export async function tensorflowSequence(
  backend: BackendName,
  layers: readonly SequenceLayer[],
  rows: Float32Array,
  count: number,
): Promise<Float32Array> {
  await useBackend(backend)
  tf.engine().startScope()
  try {
    const { steps, channels } = layers[0]!.form.input
    let current: tf.Tensor3D = tf.tensor3d(rows, [count, steps, channels])
    for (const { form, tensors } of layers) {
      const shapes = tensorsOf(form).map(({ shape }) => [...shape])
      current = applied(
        form,
        tensors.map((values, t) => tf.tensor(values, shapes[t])),
        current,
      )
    }
    return current.dataSync<'float32'>()
  } finally {
    tf.engine().endScope()
  }
}

function applied(form: LayerForm, tensors: readonly tf.Tensor[], x: tf.Tensor3D): tf.Tensor3D {
  switch (form.kind) {
    case 'convolution':
    case 'transposed':
      return convolved(form, tensors, x)
    case 'image-convolution':
    case 'image-transposed':
      return imaged(form, tensors, x)
    case 'recurrent':
      return recurred(form, tensors, x)
    case 'attention':
      return attended(form, tensors, x)
    default:
      return form satisfies never
  }
}

function convolved(
  { kind, input, output, kernel, stride, activation }: ConvolutionForm,
  [weights, bias]: readonly tf.Tensor[],
  x: tf.Tensor3D,
): tf.Tensor3D {
  const image: tf.Tensor4D = tf.reshape(x, [x.shape[0], input.steps, 1, input.channels])
  if (kind === 'convolution') {
    const filter: tf.Tensor4D = tf.reshape(weights!, [kernel, 1, input.channels, output.channels])
    return shaped(tf.conv2d(image, filter, [stride, 1], 'same'))
  }
  // Ours are [input][kernel step][output], TensorFlow wants [kernel step][1][output][input].
  const filter: tf.Tensor4D = tf.reshape(tf.transpose(weights!, [1, 2, 0]), [
    kernel,
    1,
    output.channels,
    input.channels,
  ])
  return shaped(tf.conv2dTranspose(image, filter, [x.shape[0], output.steps, 1, output.channels], [stride, 1], 'same'))

  function shaped(sums: tf.Tensor4D): tf.Tensor3D {
    const flat: tf.Tensor3D = tf.reshape(sums, [x.shape[0], output.steps, output.channels])
    return activated(tf.add(flat, bias!), activation)
  }
}

function imaged(form: ImageForm, [weights, bias]: readonly tf.Tensor[], x: tf.Tensor3D): tf.Tensor3D {
  const { kind, input, output, inputLines, outputLines, kernel, stride, activation } = form
  const rows = x.shape[0]
  const columns = output.steps / outputLines
  const image: tf.Tensor4D = tf.reshape(x, [rows, inputLines, input.steps / inputLines, input.channels])
  const side = [kernel, kernel] as const
  let sums: tf.Tensor4D
  if (kind === 'image-convolution') {
    const filter: tf.Tensor4D = tf.reshape(weights!, [...side, input.channels, output.channels])
    sums = tf.conv2d(image, filter, stride, 'same')
  } else {
    const filter: tf.Tensor4D = tf.reshape(tf.transpose(weights!, [1, 2, 0]), [
      ...side,
      output.channels,
      input.channels,
    ])
    sums = tf.conv2dTranspose(image, filter, [rows, outputLines, columns, output.channels], stride, 'same')
  }
  return activated(tf.add(tf.reshape(sums, [rows, output.steps, output.channels]), bias!), activation)
}

function recurred(
  { cell, direction, input, output }: RecurrentForm,
  tensors: readonly tf.Tensor[],
  x: tf.Tensor3D,
): tf.Tensor3D {
  const units = output.channels
  const steps = Math.max(input.steps, output.steps)
  const read = input.steps === 1 ? Array.from({ length: steps }, () => x) : tf.split(x, steps, 1)
  const [weights, bias, freshWeights, freshBias] = tensors as tf.Tensor2D[]
  let hidden = tf.zeros<tf.Rank.R2>([x.shape[0], units])
  let memory = hidden
  const written: tf.Tensor3D[] = []
  for (let i = 0; i < steps; i++) {
    const now: tf.Tensor2D = tf.reshape(read[direction === 'forward' ? i : steps - 1 - i]!, [
      x.shape[0],
      input.channels,
    ])
    const gates: tf.Tensor2D = tf.add(tf.matMul(tf.concat([hidden, now], 1), weights!), bias!)
    if (cell === 'lstm') {
      const [entry, forget, fresh, exit] = tf.split(gates, 4, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]
      memory = tf.add(tf.mul(tf.sigmoid(forget), memory), tf.mul(tf.sigmoid(entry), tf.tanh(fresh)))
      hidden = tf.mul(tf.sigmoid(exit), tf.tanh(memory))
    } else {
      const [update, reset] = tf.split(tf.sigmoid(gates), 2, 1) as [tf.Tensor2D, tf.Tensor2D]
      const left = tf.concat([tf.mul(reset, hidden), now], 1)
      const fresh = tf.tanh(tf.add(tf.matMul(left, freshWeights!), freshBias!))
      hidden = tf.add(tf.mul(update, hidden), tf.mul(tf.sub(1, update), fresh))
    }
    written.push(tf.reshape(hidden, [x.shape[0], 1, units]))
  }
  if (output.steps === 1) return written.at(-1)!
  return tf.concat(direction === 'forward' ? written : written.reverse(), 1)
}

function attended({ heads, input }: AttentionForm, tensors: readonly tf.Tensor[], x: tf.Tensor3D): tf.Tensor3D {
  const { steps, channels } = input
  const rows = x.shape[0]
  const normal = (y: tf.Tensor, from: number): tf.Tensor => {
    const { mean, variance } = tf.moments(y, 2, true)
    const standard = tf.div(tf.sub(y, mean), tf.sqrt(tf.add(variance, normalEpsilon)))
    return tf.add(tf.mul(standard, tensors[from]!), tensors[from + 1]!)
  }
  const affine = (y: tf.Tensor, from: number): tf.Tensor => {
    const flat: tf.Tensor2D = tf.reshape(y, [rows * steps, y.shape[2]!])
    const product = tf.add(tf.matMul(flat, tensors[from] as tf.Tensor2D), tensors[from + 1]!)
    return tf.reshape(product, [rows, steps, product.shape[1]!])
  }
  const byHead = (y: tf.Tensor): tf.Tensor =>
    tf.transpose(tf.reshape(y, [rows, steps, heads, channels / heads]), [0, 2, 1, 3])
  const placed = tf.add(x, tensors[0]!)
  const [queries, keys, values] = tf.split(affine(normal(placed, 1), 3), 3, 2).map(byHead)
  const scores = tf.mul(tf.matMul(queries!, keys!, false, true), 1 / Math.sqrt(channels / heads))
  const looked = tf.transpose(tf.matMul(tf.softmax(scores), values!), [0, 2, 1, 3])
  const middle = tf.add(placed, affine(tf.reshape(looked, [rows, steps, channels]), 5))
  return tf.add(middle, affine(tf.relu(affine(normal(middle, 7), 9)), 11))
}

function activated(x: tf.Tensor3D, activation: Activation): tf.Tensor3D {
  switch (activation.kind) {
    case 'linear':
      return x
    case 'relu':
      return tf.relu(x)
    case 'leaky-relu':
      return tf.leakyRelu(x, activation.alpha)
    case 'tanh':
      return tf.tanh(x)
    case 'sigmoid':
      return tf.sigmoid(x)
    default:
      return activation satisfies never
  }
}
