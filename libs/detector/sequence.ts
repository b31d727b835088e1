// Sequence: layers over the steps of a window, as plain values: their forms, the tensors that each form needs, and which
// steps of its input an output step of a convolution reads. What trains them is tensorflow/, what runs them
// members-sequence.ts; both follow this file.
// Invariants
//   S1 a window lies step after step, oldest first, the channels of a step side by side: a row of the stream is one.
//   S2 a convolution is padded with zeros to ⌈steps / stride⌉ outputs, the smaller half of the padding before the first
//      step; a transposed one of the same numbers is its mirror image, from the outputs back to the steps.
//   S3 the steps of an image are its places, line after line from the top; S2 holds along both axes.
// A dense layer over all steps is a convolution whose kernel and stride are all steps, one to all steps its mirror, and one
// in each step has kernel 1.

import type { Activation } from './model.ts'

export interface Grid {
  readonly steps: number
  readonly channels: number
}

export interface ConvolutionForm {
  readonly kind: 'convolution' | 'transposed'
  readonly input: Grid
  readonly output: Grid
  /** Steps that an output reads (of a transposed one: steps that an input reaches). */
  readonly kernel: number
  readonly stride: number
  readonly activation: Activation
}

/**
 * A convolution over images, or its mirror: the steps of both sides are places, line after line. The kernel is a square and
 * moves by its stride along both axes, on each of which it reads as a convolution over steps does.
 */
export interface ImageForm {
  readonly kind: 'image-convolution' | 'image-transposed'
  readonly input: Grid
  readonly output: Grid
  readonly inputLines: number
  readonly outputLines: number
  /** Places along a side of the kernel. */
  readonly kernel: number
  readonly stride: number
  readonly activation: Activation
}

/**
 * Memory cells from step to step. An input of one step is read at every step; an output of one step is the last.
 * `output.channels` are the units, a multiple of 8.
 */
export interface RecurrentForm {
  readonly kind: 'recurrent'
  readonly cell: 'lstm' | 'gru'
  readonly direction: 'forward' | 'backward'
  readonly input: Grid
  readonly output: Grid
}

/**
 * Every step looks at all others (sequence/attention.ts). Channels are a multiple of 8, those of a head a multiple of 4;
 * `hidden` values, a multiple of 8, are between the two layers that each step goes through afterwards.
 */
export interface AttentionForm {
  readonly kind: 'attention'
  readonly heads: number
  readonly hidden: number
  readonly input: Grid
  readonly output: Grid
}

/** Added to a variance before its root is divided by. */
export const normalEpsilon = 1e-5

export type LayerForm = ConvolutionForm | ImageForm | RecurrentForm | AttentionForm

export interface SequenceLayer {
  readonly form: LayerForm
  /** As `tensorsOf` lists them. */
  readonly tensors: readonly Float32Array[]
}

/** How a training begins: uniform after Glorot and Bengio (2010), or blocks of equal length of one value each. */
export type Initial =
  | { readonly kind: 'uniform'; readonly fanIn: number; readonly fanOut: number }
  | { readonly kind: 'constant'; readonly values: readonly number[] }

export interface TensorForm {
  readonly name: string
  /** Row-major. */
  readonly shape: readonly number[]
  readonly initial: Initial
}

const zeros: Initial = { kind: 'constant', values: [0] }

export function tensorsOf(form: LayerForm): readonly TensorForm[] {
  switch (form.kind) {
    case 'convolution':
    case 'transposed': {
      const { input, output, kernel, stride } = form
      const reach = Math.max(1, kernel / stride)
      const [inward, outward] = form.kind === 'convolution' ? [kernel, reach] : [reach, kernel]
      const initial: Initial = { kind: 'uniform', fanIn: inward * input.channels, fanOut: outward * output.channels }
      // As its products want them: over what the kernel sees, or from a channel to all that the kernel reaches.
      const shape =
        form.kind === 'convolution'
          ? [kernel, input.channels, output.channels]
          : [input.channels, kernel, output.channels]
      return [
        { name: 'weights', shape, initial },
        { name: 'bias', shape: [output.channels], initial: zeros },
      ]
    }
    case 'image-convolution':
    case 'image-transposed':
      return tensorsOf(flattened(form))
    case 'recurrent':
      return recurrentTensors(form)
    case 'attention':
      return attentionTensors(form)
    default:
      return form satisfies never
  }
}

/** Weights from [units then inputs] to the gates; for their order see sequence/recurrent.ts. */
function recurrentTensors({ cell, input, output }: RecurrentForm): readonly TensorForm[] {
  const units = output.channels
  const inputs = units + input.channels
  const of = (name: string, gates: number): TensorForm => {
    return { name, shape: [inputs, gates * units], initial: { kind: 'uniform', fanIn: inputs, fanOut: units } }
  }
  // Cells begin by remembering (Jozefowicz et al., 2015).
  const remembering: Initial = { kind: 'constant', values: [0, 1, 0, 0] }
  if (cell === 'lstm') return [of('weights', 4), { name: 'bias', shape: [4 * units], initial: remembering }]
  return [
    of('weights', 2),
    { name: 'bias', shape: [2 * units], initial: zeros },
    of('candidate.weights', 1),
    { name: 'candidate.bias', shape: [units], initial: zeros },
  ]
}

function attentionTensors({ hidden, input }: AttentionForm): readonly TensorForm[] {
  const { steps, channels } = input
  const layer = (name: string, inputs: number, outputs: number): TensorForm[] => [
    { name: `${name}.weights`, shape: [inputs, outputs], initial: { kind: 'uniform', fanIn: inputs, fanOut: outputs } },
    { name: `${name}.bias`, shape: [outputs], initial: zeros },
  ]
  const normal = (name: string): TensorForm[] => [
    { name: `${name}.gain`, shape: [channels], initial: { kind: 'constant', values: [1] } },
    { name: `${name}.shift`, shape: [channels], initial: zeros },
  ]
  const initial: Initial = { kind: 'uniform', fanIn: channels, fanOut: channels }
  return [
    { name: 'positions', shape: [steps, channels], initial },
    ...normal('first'),
    ...layer('look', channels, 3 * channels),
    ...layer('out', channels, channels),
    ...normal('second'),
    ...layer('up', channels, hidden),
    ...layer('down', hidden, channels),
  ]
}

/** Multiply-adds of a row going through the layer. */
export function workOf(form: LayerForm): number {
  const { input, output } = form
  const products = input.channels * output.channels
  switch (form.kind) {
    case 'convolution':
      return output.steps * form.kernel * products
    case 'transposed':
      return input.steps * form.kernel * products
    case 'image-convolution':
    case 'image-transposed':
      return workOf(flattened(form))
    case 'recurrent': {
      const gates = form.cell === 'lstm' ? 4 : 3
      return Math.max(input.steps, output.steps) * gates * (output.channels * output.channels + products)
    }
    case 'attention':
      return input.steps * (4 * products + 2 * input.channels * (input.steps + form.hidden))
    default:
      return form satisfies never
  }
}

export function sizeOfTensor({ shape }: TensorForm): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

/** All places of the kernel in a row: what there is of weights and work, but not where they read. */
export function flattened(form: ImageForm): ConvolutionForm {
  const { input, output, kernel, stride, activation } = form
  const kind = form.kind === 'image-convolution' ? 'convolution' : 'transposed'
  return { kind, input, output, kernel: kernel * kernel, stride: stride * stride, activation }
}

/** What it reads along each axis. */
export function axesOf(form: ImageForm): { readonly lines: ConvolutionForm; readonly columns: ConvolutionForm } {
  const { input, output, inputLines, outputLines, kernel, stride } = form
  const along = (from: number, to: number): ConvolutionForm => ({
    ...flattened(form),
    input: { steps: from, channels: input.channels },
    output: { steps: to, channels: output.channels },
    kernel,
    stride,
  })
  return { lines: along(inputLines, outputLines), columns: along(input.steps / inputLines, output.steps / outputLines) }
}

/** Zeros before the first of `steps`. */
export function paddingBefore(steps: number, kernel: number, stride: number): number {
  const outputs = Math.ceil(steps / stride)
  return Math.floor(Math.max(0, (outputs - 1) * stride + kernel - steps) / 2)
}

/** What output steps `at`, at + every, … (`count` of them) read: input steps from `first` on, each by its kernel step. */
export interface Taps {
  readonly at: number
  readonly every: number
  readonly count: number
  readonly first: number
  /** How far `first` moves from one of these outputs to the next. */
  readonly advance: number
  readonly kernelSteps: readonly number[]
}

/** The taps of all output steps: of each phase in ascending order, outputs that read alike together. */
export function tapsOf(form: ConvolutionForm): Taps[] {
  const { input, output, kernel, stride } = form
  const mirrored = form.kind === 'transposed'
  const padding = paddingBefore(mirrored ? output.steps : input.steps, kernel, stride)
  const [phases, advance] = mirrored ? [stride, 1] : [1, stride]
  const taps: Taps[] = []
  for (let phase = 0; phase < Math.min(phases, output.steps); phase++) {
    let group: Taps | undefined
    for (let at = phase; at < output.steps; at += phases) {
      const read = mirrored ? reachedBy(form, at + padding) : readFrom(form, at * stride - padding)
      const continues = group !== undefined && sameSteps(group.kernelSteps, read.kernelSteps)
      if (continues && group !== undefined && group.first + group.count * advance === read.first) {
        group = { ...group, count: group.count + 1 }
        taps[taps.length - 1] = group
      } else {
        group = { at, every: phases, count: 1, advance, ...read }
        taps.push(group)
      }
    }
  }
  return taps
}

interface Read {
  readonly first: number
  readonly kernelSteps: readonly number[]
}

/** The kernel laid over the input from step `from` on, which may lie before its beginning. */
function readFrom({ input, kernel }: ConvolutionForm, from: number): Read {
  const first = Math.max(0, from)
  const last = Math.min(input.steps, from + kernel)
  return { first, kernelSteps: Array.from({ length: Math.max(0, last - first) }, (_, i) => first - from + i) }
}

/** The inputs whose kernels reach the padded output step `at`, each with the kernel step that does. */
function reachedBy({ input, kernel, stride }: ConvolutionForm, at: number): Read {
  const first = Math.max(0, Math.ceil((at - kernel + 1) / stride))
  const last = Math.min(input.steps - 1, Math.floor(at / stride))
  return {
    first,
    kernelSteps: Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => at - (first + i) * stride),
  }
}

function sameSteps(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((step, i) => step === b[i])
}
