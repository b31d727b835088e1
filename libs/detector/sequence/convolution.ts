// Convolution: a convolution over the steps of windows or the places of images, or its mirror, forward and back. What the
// kernel sees at each step of the narrow side is laid out as columns, so that all work is in plain products.

import { axesOf, type ConvolutionForm, flattened, type ImageForm, paddingBefore } from '../sequence.ts'
import { addBias, applyActivation, columnSums, throughActivation } from './activation.ts'
import type { LayerPass } from './layer-pass.ts'
import type { Products, Weights } from './products.ts'

export function convolution(
  form: ConvolutionForm | ImageForm,
  tensors: readonly Float32Array[],
  x: Float32Array,
  products: Products,
): LayerPass {
  const { output, activation } = form
  const [values, bias] = [tensors[0]!, tensors[1]!]
  const { flat, lay } = laid(form)
  const sums =
    flat.kind === 'convolution' ? narrowing(flat, lay, values, x, products) : widening(flat, lay, values, x, products)
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

function laid(form: ConvolutionForm | ImageForm): { readonly flat: ConvolutionForm; readonly lay: Lay } {
  switch (form.kind) {
    case 'convolution':
    case 'transposed':
      return { flat: form, lay: layOf(null, form) }
    case 'image-convolution':
    case 'image-transposed': {
      const { lines, columns } = axesOf(form)
      return { flat: flattened(form), lay: layOf(lines, columns) }
    }
    default:
      return form satisfies never
  }
}

/** Products without bias and activation. */
interface Sums {
  readonly output: Float32Array
  backward(slopes: Float32Array): { readonly below: Float32Array; readonly weights: Float32Array }
}

/** How the kernel lies over the wide side: along lines, of which a window is one, and in each along its columns. */
interface Lay {
  readonly lines: Axis
  readonly columns: Axis
  readonly channels: number
}

interface Axis {
  readonly wide: number
  readonly narrow: number
  readonly kernel: number
  readonly stride: number
  /** Zeros before the first of the wide side. */
  readonly padding: number
}

const single: Axis = { wide: 1, narrow: 1, kernel: 1, stride: 1, padding: 0 }

function layOf(lines: ConvolutionForm | null, columns: ConvolutionForm): Lay {
  const { channels } = columns.kind === 'convolution' ? columns.input : columns.output
  return { lines: lines === null ? single : axisOf(lines), columns: axisOf(columns), channels }
}

function axisOf({ kind, input, output, kernel, stride }: ConvolutionForm): Axis {
  const [wide, narrow] = kind === 'convolution' ? [input.steps, output.steps] : [output.steps, input.steps]
  return { wide, narrow, kernel, stride, padding: paddingBefore(wide, kernel, stride) }
}

function narrowing(form: ConvolutionForm, lay: Lay, values: Float32Array, x: Float32Array, products: Products): Sums {
  const { input, output, kernel } = form
  const weights: Weights = { values, inputs: kernel * input.channels, outputs: output.channels }
  const seen = columns(lay, x)
  return {
    output: products.forward(seen, weights),
    backward: (slopes) => ({
      below: summed(lay, products.back(slopes, weights)),
      weights: products.gradient(seen, slopes, weights.inputs, weights.outputs),
    }),
  }
}

function widening(form: ConvolutionForm, lay: Lay, values: Float32Array, x: Float32Array, products: Products): Sums {
  const { input, output, kernel } = form
  const weights: Weights = { values, inputs: input.channels, outputs: kernel * output.channels }
  return {
    output: summed(lay, products.forward(x, weights)),
    backward: (slopes) => {
      const seen = columns(lay, slopes)
      return {
        below: products.back(seen, weights),
        weights: products.gradient(x, seen, weights.inputs, weights.outputs),
      }
    },
  }
}

/** [row and narrow step][place of the kernel and channel] of wide values; 0 where the kernel lies over the padding. */
function columns(lay: Lay, values: Float32Array): Float32Array {
  const rows = values.length / wideValues(lay)
  const out = new Float32Array(rows * seenValues(lay))
  eachPlace(lay, rows, (place, from, length) => {
    for (let i = 0; i < length; i++) out[place + i] = values[from + i]!
  })
  return out
}

/** The mirror of `columns`: wide values as sums over all that the columns have for them. */
function summed(lay: Lay, seen: Float32Array): Float32Array {
  const rows = seen.length / seenValues(lay)
  const out = new Float32Array(rows * wideValues(lay))
  eachPlace(lay, rows, (place, from, length) => {
    for (let i = 0; i < length; i++) out[from + i]! += seen[place + i]!
  })
  return out
}

function wideValues({ lines, columns, channels }: Lay): number {
  return lines.wide * columns.wide * channels
}

function seenValues({ lines, columns, channels }: Lay): number {
  return lines.narrow * columns.narrow * lines.kernel * columns.kernel * channels
}

type Visit = (place: number, from: number, length: number) => void

/**
 * The kernel at every narrow step of every row: `length` values from `place` on in the columns are those from `from` on of
 * the wide side, in a run, since steps that follow each other in a line lie so.
 */
function eachPlace(lay: Lay, rows: number, visit: Visit): void {
  const { lines } = lay
  for (let row = 0; row < rows; row++)
    for (let narrow = 0; narrow < lines.narrow; narrow++)
      for (let k = 0; k < lines.kernel; k++) {
        const wide = narrow * lines.stride - lines.padding + k
        if (wide < 0 || wide >= lines.wide) continue
        eachOfLine(lay, row * lines.narrow + narrow, k, row * lines.wide + wide, visit)
      }
}

/** Line `k` of the kernel along a line of the narrow side over one of the wide. */
function eachOfLine({ lines, columns, channels }: Lay, narrow: number, k: number, wide: number, visit: Visit): void {
  const { stride, kernel, padding } = columns
  for (let step = 0; step < columns.narrow; step++) {
    const begin = step * stride - padding
    const first = Math.max(0, begin)
    const last = Math.min(columns.wide, begin + kernel)
    const at = (narrow * columns.narrow + step) * lines.kernel + k
    visit((at * kernel + first - begin) * channels, (wide * columns.wide + first) * channels, (last - first) * channels)
  }
}
