// Convolution: a convolution over the steps of windows, or its mirror, forward and back. What the kernel sees at each step of
// the narrow side is laid out as columns, so that all work is in plain products.

import { type ConvolutionForm, type Grid, paddingBefore } from '../sequence.ts'
import { addBias, applyActivation, columnSums, throughActivation } from './activation.ts'
import type { LayerPass } from './layer-pass.ts'
import type { Products, Weights } from './products.ts'

export function convolution(
  form: ConvolutionForm,
  tensors: readonly Float32Array[],
  x: Float32Array,
  products: Products,
): LayerPass {
  const { output, activation } = form
  const [values, bias] = [tensors[0]!, tensors[1]!]
  const sums = form.kind === 'convolution' ? narrowing(form, values, x, products) : widening(form, values, x, products)
  addBias(sums.output, bias)
  applyActivation(sums.output, activation)
  return {
    output: sums.output,
    backward: (above) => {
      const slopes = throughActivation(above, sums.output, activation)
      const { below, weights } = sums.backward(slopes)
      return { below, gradients: [weights, columnSums(slopes, output.channels)] }
    },
  }
}

/** Products without bias and activation. */
interface Sums {
  readonly output: Float32Array
  backward(slopes: Float32Array): { readonly below: Float32Array; readonly weights: Float32Array }
}

function narrowing(form: ConvolutionForm, values: Float32Array, x: Float32Array, products: Products): Sums {
  const { input, output, kernel } = form
  const weights: Weights = { values, inputs: kernel * input.channels, outputs: output.channels }
  const seen = columns(form, x, input, output.steps)
  return {
    output: products.forward(seen, weights),
    backward: (slopes) => ({
      below: summed(form, products.back(slopes, weights), input, output.steps),
      weights: products.gradient(seen, slopes, weights.inputs, weights.outputs),
    }),
  }
}

function widening(form: ConvolutionForm, values: Float32Array, x: Float32Array, products: Products): Sums {
  const { input, output, kernel } = form
  const weights: Weights = { values, inputs: input.channels, outputs: kernel * output.channels }
  return {
    output: summed(form, products.forward(x, weights), output, input.steps),
    backward: (slopes) => {
      const seen = columns(form, slopes, output, input.steps)
      return {
        below: products.back(seen, weights),
        weights: products.gradient(x, seen, weights.inputs, weights.outputs),
      }
    },
  }
}

/** [row and narrow step][kernel step and channel] of wide values; 0 where the kernel lies over the padding. */
function columns(form: ConvolutionForm, values: Float32Array, wide: Grid, steps: number): Float32Array {
  const rows = values.length / (wide.steps * wide.channels)
  const out = new Float32Array(rows * steps * form.kernel * wide.channels)
  eachPlace(form, rows, wide, steps, (place, from, length) => {
    for (let i = 0; i < length; i++) out[place + i] = values[from + i]!
  })
  return out
}

/** The mirror of `columns`: wide values as sums over all that the columns have for them. */
function summed(form: ConvolutionForm, seen: Float32Array, wide: Grid, steps: number): Float32Array {
  const rows = seen.length / (steps * form.kernel * wide.channels)
  const out = new Float32Array(rows * wide.steps * wide.channels)
  eachPlace(form, rows, wide, steps, (place, from, length) => {
    for (let i = 0; i < length; i++) out[from + i]! += seen[place + i]!
  })
  return out
}

/**
 * The kernel at every narrow step of every row: `length` values from `place` on in the columns are those from `from` on of
 * the wide side, in a run, since steps that follow each other lie so.
 */
function eachPlace(
  { kernel, stride }: ConvolutionForm,
  rows: number,
  { steps: wideSteps, channels }: Grid,
  steps: number,
  visit: (place: number, from: number, length: number) => void,
): void {
  const padding = paddingBefore(wideSteps, kernel, stride)
  for (let row = 0; row < rows; row++)
    for (let step = 0; step < steps; step++) {
      const begin = step * stride - padding
      const first = Math.max(0, begin)
      const last = Math.min(wideSteps, begin + kernel)
      const place = ((row * steps + step) * kernel + first - begin) * channels
      visit(place, (row * wideSteps + first) * channels, (last - first) * channels)
    }
}
