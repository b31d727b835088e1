// Models of random layers over the steps of windows, for tests of what runs and stores them, and their reconstruction in
// float64 from the definitions of the layers.

import { Random } from '../../libs/core/random.ts'
import type { Activation, Model, SequenceMember } from '../../libs/detector/model.ts'
import {
  type AttentionForm,
  type ConvolutionForm,
  type ImageForm,
  type LayerForm,
  normalEpsilon,
  paddingBefore,
  type RecurrentForm,
  sizeOfTensor,
  tensorsOf,
} from '../../libs/detector/sequence.ts'
import { sampleModel } from './sample-model.ts'

export interface SequenceModel extends Model {
  readonly members: readonly SequenceMember[]
}

export function sequenceModel(forms: readonly LayerForm[], seed: number): SequenceModel {
  const random = Random.derived(seed, 'sequence-model')
  const { steps, channels } = forms[0]!.input
  const width = steps * channels
  const { members, ...rest } = sampleModel({
    widths: [width, width],
    activation: { kind: 'linear' },
    scoring: 'mahalanobis',
    members: 1,
    seed,
  })
  const layers = forms.map((form) => ({
    form,
    tensors: tensorsOf(form).map((tensor) => {
      const spread = tensor.initial.kind === 'uniform' ? 1 / Math.sqrt(tensor.initial.fanIn) : 0.1
      return Float32Array.from({ length: sizeOfTensor(tensor) }, () => random.normal() * spread)
    }),
  }))
  return { ...rest, members: [{ kind: 'sequence', layers, scoring: members[0]!.scoring }] }
}

/** Of one row in scaled units. */
export function reconstructed({ layers }: SequenceMember, row: readonly number[]): readonly number[] {
  return layers.reduce((current, { form, tensors }) => layerOf(form, tensors, current), row)
}

function layerOf(form: LayerForm, tensors: readonly Float32Array[], x: readonly number[]): number[] {
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

/** Every pair of a step of the wider side and one of the narrower that a kernel step joins. */
function convolved(form: ConvolutionForm, [weights, bias]: readonly Float32Array[], x: readonly number[]): number[] {
  const { input, output, kernel, stride } = form
  const y = Array.from({ length: output.steps * output.channels }, (_, i) => bias![i % output.channels]!)
  const wide = form.kind === 'convolution' ? input : output
  const narrow = form.kind === 'convolution' ? output : input
  const padding = paddingBefore(wide.steps, kernel, stride)
  for (let t = 0; t < narrow.steps; t++)
    for (let j = 0; j < kernel; j++) {
      const u = t * stride + j - padding
      if (u < 0 || u >= wide.steps) continue
      const [from, to] = form.kind === 'convolution' ? [u, t] : [t, u]
      for (let c = 0; c < input.channels; c++)
        for (let o = 0; o < output.channels; o++)
          y[to * output.channels + o]! +=
            x[from * input.channels + c]! * weights![weightAt(form, j, c) * output.channels + o]!
    }
  return y.map((value) => activated(form.activation, value))
}

/** Every pair of a place of the wider side and one of the narrower that a place of the kernel joins. */
function imaged(form: ImageForm, [weights, bias]: readonly Float32Array[], x: readonly number[]): number[] {
  const { input, output, inputLines, outputLines, kernel, stride } = form
  const narrows = form.kind === 'image-convolution'
  const size = { lines: inputLines, columns: input.steps / inputLines }
  const other = { lines: outputLines, columns: output.steps / outputLines }
  const [wide, narrow] = narrows ? [size, other] : [other, size]
  const y = Array.from({ length: output.steps * output.channels }, (_, i) => bias![i % output.channels]!)
  for (let place = 0; place < narrow.lines * narrow.columns; place++)
    for (let k = 0; k < kernel * kernel; k++) {
      const [down, right] = [Math.floor(place / narrow.columns), place % narrow.columns]
      const line = down * stride + Math.floor(k / kernel) - paddingBefore(wide.lines, kernel, stride)
      const column = right * stride + (k % kernel) - paddingBefore(wide.columns, kernel, stride)
      if (line < 0 || line >= wide.lines || column < 0 || column >= wide.columns) continue
      const met = line * wide.columns + column
      const [from, to] = narrows ? [met, place] : [place, met]
      for (let c = 0; c < input.channels; c++)
        for (let o = 0; o < output.channels; o++) {
          const weight = narrows ? k * input.channels + c : c * kernel * kernel + k
          y[to * output.channels + o]! += x[from * input.channels + c]! * weights![weight * output.channels + o]!
        }
    }
  return y.map((value) => activated(form.activation, value))
}

function recurred(form: RecurrentForm, tensors: readonly Float32Array[], x: readonly number[]): number[] {
  const { input, output } = form
  const units = output.channels
  const steps = Math.max(input.steps, output.steps)
  const out = new Array<number>(output.steps * units).fill(0)
  let hidden = new Array<number>(units).fill(0)
  let memory = new Array<number>(units).fill(0)
  const sums = (row: readonly number[], weights: Float32Array, bias: Float32Array): number[] =>
    Array.from(bias, (b, o) => row.reduce((sum, value, i) => sum + value * weights[i * bias.length + o]!, b))
  const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value))
  for (let i = 0; i < steps; i++) {
    const step = form.direction === 'forward' ? i : steps - 1 - i
    const read = input.steps === 1 ? 0 : step
    const now = x.slice(read * input.channels, (read + 1) * input.channels)
    const gates = sums([...hidden, ...now], tensors[0]!, tensors[1]!)
    if (form.cell === 'lstm') {
      memory = memory.map((kept, u) => {
        const fresh = sigmoid(gates[u]!) * Math.tanh(gates[2 * units + u]!)
        return sigmoid(gates[units + u]!) * kept + fresh
      })
      hidden = memory.map((kept, u) => sigmoid(gates[3 * units + u]!) * Math.tanh(kept))
    } else {
      const left = hidden.map((state, u) => sigmoid(gates[units + u]!) * state)
      const fresh = sums([...left, ...now], tensors[2]!, tensors[3]!).map(Math.tanh)
      hidden = hidden.map((state, u) => sigmoid(gates[u]!) * state + (1 - sigmoid(gates[u]!)) * fresh[u]!)
    }
    const write = output.steps === 1 ? 0 : step
    for (const [u, value] of hidden.entries()) out[write * units + u] = value
  }
  return out
}

function attended({ heads, input }: AttentionForm, tensors: readonly Float32Array[], x: readonly number[]): number[] {
  const { steps, channels } = input
  const width = channels / heads
  const each = (y: readonly number[], size: number, change: (step: readonly number[]) => number[]): number[] =>
    Array.from({ length: steps }, (_, t) => change(y.slice(t * size, (t + 1) * size))).flat()
  const normal = (from: number) => (y: readonly number[]) => {
    const mean = y.reduce((sum, value) => sum + value, 0) / channels
    const variance = y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / channels
    return y.map((value, c) => {
      return ((value - mean) / Math.sqrt(variance + normalEpsilon)) * tensors[from]![c]! + tensors[from + 1]![c]!
    })
  }
  const affine = (from: number) => (y: readonly number[]) => {
    const bias = tensors[from + 1]!
    return Array.from(bias, (b, o) =>
      y.reduce((sum, value, i) => sum + value * tensors[from]![i * bias.length + o]!, b),
    )
  }
  const placed = x.map((value, i) => value + tensors[0]![i]!)
  const looked = each(each(placed, channels, normal(1)), channels, affine(3))
  const at = (step: number, part: number, c: number): number => looked[(step * 3 + part) * channels + c]!
  const mixed = placed.map((_, i) => {
    const [t, c] = [Math.floor(i / channels), i % channels]
    const head = Math.floor(c / width) * width
    const powers = Array.from({ length: steps }, (_, s) => {
      let score = 0
      for (let k = head; k < head + width; k++) score += at(t, 0, k) * at(s, 1, k)
      return Math.exp(score / Math.sqrt(width))
    })
    const all = powers.reduce((sum, power) => sum + power, 0)
    return powers.reduce((sum, power, s) => sum + (power / all) * at(s, 2, c), 0)
  })
  const middle = each(mixed, channels, affine(5)).map((value, i) => value + placed[i]!)
  const up = each(each(middle, channels, normal(7)), channels, affine(9)).map((value) => Math.max(0, value))
  return each(up, up.length / steps, affine(11)).map((value, i) => value + middle[i]!)
}

function weightAt({ kind, kernel, input }: ConvolutionForm, step: number, channel: number): number {
  return kind === 'convolution' ? step * input.channels + channel : channel * kernel + step
}

function activated(activation: Activation, x: number): number {
  switch (activation.kind) {
    case 'linear':
      return x
    case 'relu':
      return Math.max(0, x)
    case 'tanh':
      return Math.tanh(x)
    case 'sigmoid':
      return 1 / (1 + Math.exp(-x))
    case 'leaky-relu':
      return x < 0 ? x * activation.alpha : x
    default:
      return activation satisfies never
  }
}

/** Layers from a window to itself by way of a narrow middle, with every stride, phase and padding that there is. */
export const sequences: readonly { readonly name: string; readonly forms: readonly LayerForm[] }[] = [
  { name: 'two strides of 2', forms: hourglass(40, 8, 16, 5, 2) },
  { name: 'odd steps and channels', forms: hourglass(13, 3, 9, 5, 2) },
  { name: 'a stride of 3', forms: hourglass(11, 10, 12, 4, 3) },
  { name: 'kernels of one step', forms: hourglass(6, 5, 12, 1, 1) },
  { name: 'a single step', forms: hourglass(1, 7, 3, 1, 1) },
  { name: 'a single channel', forms: hourglass(20, 1, 8, 3, 2) },
  { name: 'a kernel of all steps', forms: hourglass(6, 2, 3, 6, 6) },
  { name: 'LSTM', forms: memories('lstm', 7, 3, 8) },
  { name: 'GRU', forms: memories('gru', 9, 5, 16) },
  { name: 'attention', forms: looks(12, 3, 2, 16, 2) },
  { name: 'attention of one patch', forms: looks(3, 7, 3, 8, 1) },
  { name: 'images', forms: pictures(8, 12, 1, 16, 3, 2) },
  { name: 'images of odd sides and three channels', forms: pictures(7, 5, 3, 9, 5, 2) },
  { name: 'images of a stride of 3', forms: pictures(11, 8, 2, 8, 4, 3) },
  { name: 'images of one line', forms: pictures(1, 9, 2, 8, 3, 2) },
  { name: 'images of a stride of 1', forms: pictures(4, 3, 5, 7, 2, 1) },
  { name: 'LSTM of one step', forms: memories('lstm', 1, 11, 8) },
]

function hourglass(steps: number, channels: number, filters: number, kernel: number, stride: number): LayerForm[] {
  const window = { steps, channels }
  const half = { steps: Math.ceil(steps / stride), channels: filters }
  const low = { steps: Math.ceil(half.steps / stride), channels: filters + 1 }
  const code = { steps: 1, channels: 5 }
  const leak: Activation = { kind: 'leaky-relu', alpha: 0.1 }
  const all = { kernel: low.steps, stride: low.steps }
  return [
    { kind: 'convolution', input: window, output: half, kernel, stride, activation: leak },
    { kind: 'convolution', input: half, output: low, kernel, stride, activation: { kind: 'sigmoid' } },
    { kind: 'convolution', input: low, output: code, ...all, activation: { kind: 'tanh' } },
    { kind: 'transposed', input: code, output: low, ...all, activation: leak },
    { kind: 'transposed', input: low, output: half, kernel, stride, activation: { kind: 'relu' } },
    { kind: 'transposed', input: half, output: window, kernel, stride, activation: { kind: 'linear' } },
  ]
}

function pictures(
  lines: number,
  columns: number,
  channels: number,
  filters: number,
  kernel: number,
  stride: number,
): LayerForm[] {
  const side = (extent: number): number => Math.ceil(extent / stride)
  const image = { steps: lines * columns, channels }
  const half = { steps: side(lines) * side(columns), channels: filters }
  const low = { steps: side(side(lines)) * side(side(columns)), channels: filters + 1 }
  const code = { steps: 1, channels: 5 }
  const leak: Activation = { kind: 'leaky-relu', alpha: 0.1 }
  const all = { kernel: low.steps, stride: low.steps }
  const by = { kernel, stride }
  const [tall, short, least] = [lines, side(lines), side(side(lines))]
  const straight: Activation = { kind: 'linear' }
  const bent: Activation = { kind: 'tanh' }
  return [
    {
      kind: 'image-convolution',
      input: image,
      output: half,
      inputLines: tall,
      outputLines: short,
      ...by,
      activation: leak,
    },
    {
      kind: 'image-convolution',
      input: half,
      output: low,
      inputLines: short,
      outputLines: least,
      ...by,
      activation: bent,
    },
    { kind: 'convolution', input: low, output: code, ...all, activation: straight },
    { kind: 'transposed', input: code, output: low, ...all, activation: leak },
    {
      kind: 'image-transposed',
      input: low,
      output: half,
      inputLines: least,
      outputLines: short,
      ...by,
      activation: bent,
    },
    {
      kind: 'image-transposed',
      input: half,
      output: image,
      inputLines: short,
      outputLines: tall,
      ...by,
      activation: straight,
    },
  ]
}

function memories(cell: RecurrentForm['cell'], steps: number, channels: number, units: number): LayerForm[] {
  const window = { steps, channels }
  const code = { steps: 1, channels: units }
  const all = { steps, channels: units }
  const linear: Activation = { kind: 'linear' }
  return [
    { kind: 'recurrent', cell, direction: 'forward', input: window, output: all },
    { kind: 'recurrent', cell, direction: 'forward', input: all, output: code },
    { kind: 'recurrent', cell, direction: 'backward', input: code, output: all },
    { kind: 'convolution', input: all, output: window, kernel: 1, stride: 1, activation: linear },
  ]
}

function looks(steps: number, channels: number, patch: number, width: number, heads: number): LayerForm[] {
  const window = { steps, channels }
  const patches = { steps: Math.ceil(steps / patch), channels: width }
  const cut = { kernel: patch, stride: patch, activation: { kind: 'linear' } } as const
  const look: LayerForm = { kind: 'attention', heads, hidden: 24, input: patches, output: patches }
  return [
    { kind: 'convolution', input: window, output: patches, ...cut },
    look,
    look,
    { kind: 'transposed', input: patches, output: window, ...cut },
  ]
}
