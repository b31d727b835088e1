// Autoencoder of images: pixels to a code of 32 and back, trained by the kernel that detectors are trained with: ReLU into
// the code, sigmoid into the pixels, binary cross-entropy, Adam, batches of 256.

import { Failure } from '../../libs/core/failure.ts'
import { batches } from '../../libs/detector/kinds/network.ts'
import type { DenseLayer } from '../../libs/detector/model.ts'
import { trainNetwork } from '../../libs/detector/training.ts'

export const codeColumns = 32
const batchRowsMax = 256
const learningRate = 5e-3

export interface Autoencoder {
  /** Of each twentieth of the training. */
  readonly losses: readonly number[]
  readonly parameters: number
  reconstruct(images: Float32Array): Promise<Float32Array>
  /** codeColumns an image. */
  encode(images: Float32Array): Float32Array
}

export interface Training {
  readonly epochs: number
  readonly seed: number
  readonly onProgress?: (share: number, loss: number) => void
}

/** From images (stride = width) of pixels from 0 to 1. */
export async function autoencoder(images: Float32Array, width: number, training: Training): Promise<Autoencoder> {
  const { epochs, seed, onProgress } = training
  const count = images.length / width
  if (count < 1) throw new Failure('data-too-little', 'an autoencoder needs images')
  const batchRows = Math.min(batchRowsMax, count)
  const steps = Math.max(1, Math.round((epochs * count) / batchRows))
  const trained = await trainNetwork(
    'kernel',
    {
      widths: [width, codeColumns, width],
      activations: [{ kind: 'relu' }, { kind: 'sigmoid' }],
      loss: { kind: 'cross-entropy' },
    },
    batches({ rows: images, count, width }, batchRows, seed, () => {}),
    { steps, learningRate, weightDecay: 0, seed, onStep: (step, loss) => onProgress?.(step / steps, loss) },
  )
  return {
    losses: trained.losses,
    parameters: trained.layers.reduce((sum, { weights, bias }) => sum + weights.length + bias.length, 0),
    reconstruct: (given) => trained.reconstruct(given, given.length / width),
    encode: (given) => encoded(given, width, trained.layers[0]),
  }
}

function encoded(images: Float32Array, width: number, layer: DenseLayer | undefined): Float32Array {
  const codes = new Float32Array((images.length / width) * codeColumns)
  for (let at = 0; at < codes.length; at++) {
    const [from, column] = [Math.floor(at / codeColumns) * width, at % codeColumns]
    let sum = layer?.bias[column] ?? 0
    for (let p = 0; p < width; p++) sum += (images[from + p] ?? 0) * (layer?.weights[p * codeColumns + column] ?? 0)
    codes[at] = Math.max(0, sum)
  }
  return codes
}

export interface Errors {
  /** Mean square of a pixel's error. */
  readonly reconstruction: number
  /** The same where every image is taken for the mean of those that were learnt from. */
  readonly mean: number
}

export function errorsOf(held: Float32Array, reconstructed: Float32Array, learnt: Float32Array, width: number): Errors {
  const mean = new Float64Array(width)
  for (const [i, value] of learnt.entries()) mean[i % width] = (mean[i % width] ?? 0) + (value * width) / learnt.length
  let [own, other] = [0, 0]
  for (const [i, value] of held.entries()) {
    own += (value - (reconstructed[i] ?? 0)) ** 2
    other += (value - (mean[i % width] ?? 0)) ** 2
  }
  return { reconstruction: own / held.length, mean: other / held.length }
}
