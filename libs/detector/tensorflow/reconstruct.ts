// Reconstruction of many rows by a trained network, on TensorFlow: what a fit needs to see residuals of its training rows.
// Never for scoring: that is the engine's, which owes nothing to TensorFlow.

import { engine, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core'
import type { DenseLayer } from '../model.ts'
import { type BackendName, useBackend } from './backend.ts'
import { forward } from './train-dense.ts'

/** Rows of one pass; bounds the memory of the activations. */
const passRows = 4096

export async function reconstruct(
  backend: BackendName,
  layers: readonly DenseLayer[],
  rows: Float32Array,
  count: number,
): Promise<Float32Array> {
  const inputs = layers[0]?.inputs ?? 0
  const outputs = layers.at(-1)?.outputs ?? 0
  const out = new Float32Array(count * outputs)
  await useBackend(backend)
  for (let from = 0; from < count; from += passRows) {
    const size = Math.min(passRows, count - from)
    engine().startScope()
    try {
      let current: Tensor2D = tensor2d(rows.slice(from * inputs, (from + size) * inputs), [size, inputs])
      for (const layer of layers) {
        const kernel: Tensor2D = tensor2d(layer.weights, [layer.inputs, layer.outputs])
        current = forward(current, kernel, layer.bias, layer.activation)
      }
      out.set(current.dataSync<'float32'>(), from * outputs)
    } finally {
      engine().endScope()
    }
  }
  return out
}
