// Layer pass: one layer over the steps of windows, forward and back, on plain arrays: [row][step][channel].

import type { LayerForm } from '../sequence.ts'
import { attention } from './attention.ts'
import { convolution } from './convolution.ts'
import type { Products } from './products.ts'
import { recurrent } from './recurrent.ts'

/** A layer that has seen a batch. */
export interface LayerPass {
  readonly output: Float32Array
  /** From the slopes of the loss at the output to those at the input and at the tensors of the layer. */
  backward(above: Float32Array): { readonly below: Float32Array; readonly gradients: readonly Float32Array[] }
}

export function layerPass(
  form: LayerForm,
  tensors: readonly Float32Array[],
  x: Float32Array,
  products: Products,
): LayerPass {
  switch (form.kind) {
    case 'convolution':
    case 'transposed':
    case 'image-convolution':
    case 'image-transposed':
      return convolution(form, tensors, x, products)
    case 'recurrent':
      return recurrent(form, tensors, x, products)
    case 'attention':
      return attention(form, tensors, x, products)
    default:
      return form satisfies never
  }
}
