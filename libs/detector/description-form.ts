// Description form: layers over the steps of windows, and activations, as JSON, and their parsers. The invariants are those
// of description.ts.

import { type Fields, invalid } from './description-fields.ts'
import type { Activation, Json } from './model.ts'
import type { AttentionForm, ConvolutionForm, Grid, ImageForm, LayerForm, RecurrentForm } from './sequence.ts'

/** Steps of a window and those that a kernel reaches over; channels of a step; values of all steps together. */
export const stepsMax = 1024
const channelsMax = 8192
const gridMax = 65_536
/** Places along a side of a kernel over an image. */
const imageKernelMax = 16
/** Cells and channels that the kernel computes together; of a head, four. */
const unitsTogether = 8
const valuesTogether = 8
const headTogether = 4
const headsMax = 64
const recurrentValuesMax = 1 << 22

export function describeForm(form: LayerForm): Json {
  const { kind, input, output } = form
  const grids = { input: describeGrid(input), output: describeGrid(output) }
  switch (kind) {
    case 'convolution':
    case 'transposed': {
      const { kernel, stride, activation } = form
      return { kind, ...grids, kernel, stride, activation: describeActivation(activation) }
    }
    case 'image-convolution':
    case 'image-transposed': {
      const { inputLines, outputLines, kernel, stride, activation } = form
      return { kind, ...grids, inputLines, outputLines, kernel, stride, activation: describeActivation(activation) }
    }
    case 'recurrent':
      return { kind, ...grids, cell: form.cell, direction: form.direction }
    case 'attention':
      return { kind, ...grids, heads: form.heads, hidden: form.hidden }
    default:
      return form satisfies never
  }
}

function describeGrid({ steps, channels }: Grid): Json {
  return { steps, channels }
}

export function describeActivation(activation: Activation): Json {
  return activation.kind === 'leaky-relu'
    ? { kind: activation.kind, alpha: activation.alpha }
    : { kind: activation.kind }
}

/** Layers from windows of `width` values to themselves. */
export function formsOf(list: readonly Fields[], width: number, path: string): LayerForm[] {
  const forms = list.map((layer) => formOf(layer))
  let before: Grid | null = null
  for (const [i, { input, output }] of forms.entries()) {
    const size = input.steps * input.channels
    if (before === null && size !== width) invalid(`${path}[${i}].input`, size, `${width} values`)
    if (before !== null && (before.steps !== input.steps || before.channels !== input.channels))
      invalid(`${path}[${i}].input`, `${input.steps} × ${input.channels}`, `${before.steps} × ${before.channels}`)
    before = output
  }
  const [first, last] = [forms[0]?.input, forms.at(-1)?.output]
  if (first?.steps !== last?.steps || first?.channels !== last?.channels)
    invalid(path, `${last?.steps} × ${last?.channels}`, `a last output of ${first?.steps} × ${first?.channels}`)
  return forms
}

function formOf(fields: Fields): LayerForm {
  const kind = fields.choice('kind', [
    'convolution',
    'transposed',
    'image-convolution',
    'image-transposed',
    'recurrent',
    'attention',
  ])
  const grids = { input: gridOf(fields.fields('input')), output: gridOf(fields.fields('output')) }
  const form = contentOf(kind, fields, grids)
  fields.close()
  return form
}

function contentOf(kind: LayerForm['kind'], fields: Fields, grids: Grids): LayerForm {
  switch (kind) {
    case 'convolution':
    case 'transposed':
      return convolutionOf(kind, fields, grids)
    case 'image-convolution':
    case 'image-transposed':
      return imageOf(kind, fields, grids)
    case 'recurrent':
      return recurrentOf(fields, grids)
    case 'attention':
      return attentionOf(fields, grids)
    default:
      return kind satisfies never
  }
}

interface Grids {
  readonly input: Grid
  readonly output: Grid
}

function convolutionOf(kind: ConvolutionForm['kind'], fields: Fields, { input, output }: Grids): ConvolutionForm {
  const kernel = fields.count('kernel', 1, stepsMax)
  const stride = fields.count('stride', 1, kernel)
  const [wide, narrow] = kind === 'convolution' ? [input, output] : [output, input]
  const expected = Math.ceil(wide.steps / stride)
  if (narrow.steps !== expected) invalid(fields.path, narrow.steps, `${expected} steps at a stride of ${stride}`)
  const reached = kernel * narrow.steps
  if (reached > gridMax) invalid(`${fields.path}.kernel`, kernel, `at most ${Math.floor(gridMax / narrow.steps)}`)
  return { kind, input, output, kernel, stride, activation: activationOf(fields.fields('activation')) }
}

function imageOf(kind: ImageForm['kind'], fields: Fields, { input, output }: Grids): ImageForm {
  const inputLines = fields.count('inputLines', 1, input.steps)
  const outputLines = fields.count('outputLines', 1, output.steps)
  const kernel = fields.count('kernel', 1, imageKernelMax)
  const stride = fields.count('stride', 1, kernel)
  const sizes = [
    { steps: input.steps, lines: inputLines },
    { steps: output.steps, lines: outputLines },
  ]
  for (const { steps, lines } of sizes)
    if (steps % lines !== 0) invalid(fields.path, `${steps} places in ${lines} lines`, 'lines of equal length')
  const [wide, narrow] = kind === 'image-convolution' ? sizes : sizes.toReversed()
  const shrunk = (extent: number): number => Math.ceil(extent / stride)
  const lines = shrunk(wide?.lines ?? 0)
  const columns = shrunk((wide?.steps ?? 0) / (wide?.lines ?? 1))
  if (narrow?.lines !== lines || narrow.steps !== lines * columns)
    invalid(fields.path, `${narrow?.steps} places`, `${lines} × ${columns} places at a stride of ${stride}`)
  const activation = activationOf(fields.fields('activation'))
  return { kind, input, output, inputLines, outputLines, kernel, stride, activation }
}

function recurrentOf(fields: Fields, { input, output }: Grids): RecurrentForm {
  const same = input.steps === output.steps || input.steps === 1 || output.steps === 1
  if (!same) invalid(`${fields.path}.output.steps`, output.steps, `${input.steps} or 1`)
  const { channels } = output
  if (channels % unitsTogether !== 0)
    invalid(`${fields.path}.output.channels`, channels, `a multiple of ${unitsTogether}`)
  const values = channels * (channels + input.channels)
  if (values > recurrentValuesMax) invalid(fields.path, values, `at most ${recurrentValuesMax} weights of a gate`)
  return {
    kind: 'recurrent',
    cell: fields.choice('cell', ['lstm', 'gru']),
    direction: fields.choice('direction', ['forward', 'backward']),
    input,
    output,
  }
}

function attentionOf(fields: Fields, { input, output }: Grids): AttentionForm {
  const { steps, channels } = input
  if (steps !== output.steps || channels !== output.channels)
    invalid(`${fields.path}.output`, `${output.steps} × ${output.channels}`, `${steps} × ${channels}`)
  const heads = fields.count('heads', 1, headsMax)
  if (channels % valuesTogether !== 0 || channels % (heads * headTogether) !== 0)
    invalid(
      `${fields.path}.input.channels`,
      channels,
      `a multiple of ${valuesTogether} and, a head, of ${headTogether}`,
    )
  const hidden = fields.count('hidden', valuesTogether, channelsMax)
  if (hidden % valuesTogether !== 0) invalid(`${fields.path}.hidden`, hidden, `a multiple of ${valuesTogether}`)
  return { kind: 'attention', heads, hidden, input, output }
}

function gridOf(fields: Fields): Grid {
  const grid = { steps: fields.count('steps', 1, stepsMax), channels: fields.count('channels', 1, channelsMax) }
  if (grid.steps * grid.channels > gridMax)
    invalid(fields.path, grid.steps * grid.channels, `at most ${gridMax} values`)
  fields.close()
  return grid
}

export function activationOf(fields: Fields): Activation {
  const kind = fields.choice('kind', ['linear', 'relu', 'tanh', 'sigmoid', 'leaky-relu'])
  const activation = kind === 'leaky-relu' ? { kind, alpha: fields.number('alpha') } : { kind }
  // The kernel computes max(x, alpha · x), which is this activation for no other alpha.
  if (activation.kind === 'leaky-relu' && !(activation.alpha >= 0 && activation.alpha <= 1)) {
    invalid('model.members.layers.alpha', activation.alpha, 'a number from 0 to 1')
  }
  fields.close()
  return activation
}
