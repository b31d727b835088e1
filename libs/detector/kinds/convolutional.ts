// Convolutional: windows are halved by convolutions until few steps are left, all of which give the code, and the mirror
// leads back; beside it the linear member. It looks for shapes wherever in the window they are. A row that is no window has
// one step: then the convolutions are dense layers. A row that is an image is halved along both axes.
// Source: Masci et al., Stacked convolutional auto-encoders for hierarchical feature extraction (2011).

import type { Activation } from '../model.ts'
import type { ConvolutionForm, Grid, ImageForm, LayerForm } from '../sequence.ts'
import type { ImageSize, Kind } from './kind.ts'
import { leak, straight } from './network.ts'
import { fitSequence } from './sequence-network.ts'
import { sizeOf } from './size.ts'

const kernelSteps = 5
const stepsMax = 400
const learningRate = 5e-3
/** Steps that are not halved any more. */
const stepsEnough = 16
/** Places along a side of a kernel over an image. */
const imageKernel = 3
const imageStepsMax = 1000
/** Multiply-adds of one fit: an image has many places, and is worth the time. */
const imageWorkMax = 4e10
const filtersMin = 16
const filtersMax = 64

export const convolutional: Kind = {
  name: 'convolutional',
  fit: (rows, options) => {
    const { image } = options
    const window = { steps: options.steps, channels: rows.width / options.steps }
    const code = Math.min(sizeOf(rows.count, rows.width).code, Math.max(1, rows.width - 1))
    const more = { name: 'convolutional', learningRate, hiddenStepShare: 0 }
    const design =
      image === undefined
        ? { ...more, forms: halvings(window, code), stepsMax }
        : { ...more, forms: imageHalvings(image, rows.width, code), stepsMax: imageStepsMax, workMax: imageWorkMax }
    return fitSequence(rows, [design], options)
  },
}

export function halvings(window: Grid, code: number): LayerForm[] {
  const filters = filtersOf(window.channels)
  const grids = [window]
  do {
    const { steps } = grids.at(-1) ?? window
    grids.push({ steps: Math.ceil(steps / 2), channels: filters })
  } while ((grids.at(-1)?.steps ?? 1) > stepsEnough)
  const pairs = grids.slice(1).map((narrow, i) => ({ wide: grids[i] ?? window, narrow }))
  const down = pairs.map(({ wide, narrow }) => convolved('convolution', wide, narrow))
  const up = pairs.map(({ wide, narrow }, i) => convolved('transposed', narrow, wide, i === 0 ? straight : leak))
  return [...down, ...throughCode(grids.at(-1) ?? window, code), ...up.reverse()]
}

/** Of images of `width` values in all. */
export function imageHalvings(image: ImageSize, width: number, code: number): LayerForm[] {
  const channels = width / (image.height * image.width)
  const filters = filtersOf(channels)
  const full: Pixels = { ...image, channels }
  const pixels = [full]
  do {
    const { height, width } = pixels.at(-1) ?? full
    pixels.push({ height: Math.ceil(height / 2), width: Math.ceil(width / 2), channels: filters })
  } while (gridOf(pixels.at(-1) ?? full).steps > stepsEnough)
  const pairs = pixels.slice(1).map((narrow, i) => ({ wide: pixels[i] ?? full, narrow }))
  const down = pairs.map(({ wide, narrow }) => imaged('image-convolution', wide, narrow))
  const up = pairs.map(({ wide, narrow }, i) => imaged('image-transposed', narrow, wide, i === 0 ? straight : leak))
  return [...down, ...throughCode(gridOf(pixels.at(-1) ?? full), code), ...up.reverse()]
}

function filtersOf(channels: number): number {
  return Math.min(filtersMax, Math.max(filtersMin, Math.ceil(channels / 4) * 8))
}

/** From all that is left to the code, and back. */
function throughCode(lowest: Grid, code: number): LayerForm[] {
  const middle = { steps: 1, channels: code }
  const all = { kernel: lowest.steps, stride: lowest.steps }
  return [
    { kind: 'convolution', input: lowest, output: middle, ...all, activation: straight },
    { kind: 'transposed', input: middle, output: lowest, ...all, activation: leak },
  ]
}

interface Pixels extends ImageSize {
  readonly channels: number
}

function gridOf({ height, width, channels }: Pixels): Grid {
  return { steps: height * width, channels }
}

function imaged(kind: ImageForm['kind'], from: Pixels, to: Pixels, activation: Activation = leak): ImageForm {
  const sides = { input: gridOf(from), output: gridOf(to), inputLines: from.height, outputLines: to.height }
  return { kind, ...sides, kernel: imageKernel, stride: 2, activation }
}

function convolved(
  kind: ConvolutionForm['kind'],
  input: Grid,
  output: Grid,
  activation: Activation = leak,
): ConvolutionForm {
  const steps = Math.max(input.steps, output.steps)
  return { kind, input, output, kernel: Math.min(kernelSteps, steps), stride: steps > 1 ? 2 : 1, activation }
}
