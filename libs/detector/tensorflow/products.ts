// Products on TensorFlow, for the training of layers over steps (../sequence/products.ts). Whoever uses them has made the
// backend current and computes before the next await. Products with a transposed operand are slower on the WebAssembly
// backend than a transposition and a plain product.

import { engine, matMul, type Tensor2D, tensor2d, transpose } from '@tensorflow/tfjs-core'
import type { Products } from '../sequence/products.ts'
import { type BackendName, useBackend } from './backend.ts'

export async function tensorflowProducts(backend: BackendName): Promise<Products> {
  await useBackend(backend)
  return {
    name: backend,
    forward: (x, { values, inputs, outputs }) =>
      computed(() => matMul(tensor2d(x, [x.length / inputs, inputs]), tensor2d(values, [inputs, outputs]))),
    back: (slopes, { values, inputs, outputs }) =>
      computed(() => {
        const weights = transpose(tensor2d(values, [inputs, outputs]))
        return matMul(tensor2d(slopes, [slopes.length / outputs, outputs]), weights)
      }),
    gradient: (x, slopes, inputs, outputs) =>
      computed(() => {
        const rows = x.length / inputs
        return matMul(transpose(tensor2d(x, [rows, inputs])), tensor2d(slopes, [rows, outputs]))
      }),
  }
}

function computed(product: () => Tensor2D): Float32Array {
  engine().startScope()
  try {
    return product().dataSync<'float32'>()
  } finally {
    engine().endScope()
  }
}
