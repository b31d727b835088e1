// Members sequence: layers over the steps of a window in a kernel's memory, and the operations that run them. Between
// layers a row of the chunk lies in one of two buffers, step after step, the channels of a step padded to whole blocks.
// Invariants
//   Q1 outputs of one phase are computed in ascending order, since the kernel computes steps four at a time and leaves
//      garbage in up to three steps behind the last: what comes later writes over it, and a row has room for the rest.

import type { Arena } from './kernel/arena.ts'
import { BOW, CONVOLVE, DENSE, MOVE, operation, RECUR, real } from './kernel/program.ts'
import { attentionValues, placeAttention } from './members-attention.ts'
import { imageValues, placeImage } from './members-image.ts'
import { packed, packedSteps, padded, shape } from './packing.ts'
import { type ConvolutionForm, type LayerForm, type RecurrentForm, type SequenceLayer, tapsOf } from './sequence.ts'

/** Where rows of steps lie, in bytes. */
export interface Place {
  readonly at: number
  /** From one row, and from one step, to the next. */
  readonly row: number
  readonly step: number
}

/** Operations from rows in scaled units at `from` to their reconstruction at `to`, rows `stride` bytes apart. */
type Words = (from: number, to: number, stride: number) => number[]

/** Steps behind the last of a phase that the kernel may write. */
const overrun = 3

export function placeSequence(arena: Arena, layers: readonly SequenceLayer[], rows: number): Words {
  const room = Math.max(...layers.map(({ form }) => valuesOfRow(form)))
  const buffers = [arena.reserve(rows * room), arena.reserve(rows * room)]
  const emitters = layers.map((layer, i) => {
    const { input, output } = layer.form
    const inputChannels = i === 0 ? input.channels : padded(input.channels)
    const to = { at: buffers[i % 2]!, row: valuesOfRow(layer.form) * 4, step: padded(output.channels) * 4 }
    return { to, emit: placeLayer(arena, layer, inputChannels, rows) }
  })
  const { steps, channels } = layers.at(-1)!.form.output
  const stepBytes = channels * 4
  return (from, to, stride) => {
    const words: number[] = []
    let current: Place = { at: from, row: stride, step: layers[0]!.form.input.channels * 4 }
    for (const { emit, to: next } of emitters) {
      words.push(...emit(current, next))
      current = next
    }
    const { at, row, step } = current
    words.push(...operation(MOVE, at, row, step, steps, stepBytes, to, stride, stepBytes))
    return words
  }
}

export type Emit = (from: Place, to: Place) => number[]

function placeLayer(arena: Arena, layer: SequenceLayer, inputChannels: number, rows: number): Emit {
  const { form } = layer
  switch (form.kind) {
    case 'convolution':
    case 'transposed':
      return placeConvolution(arena, form, layer.tensors, inputChannels)
    case 'image-convolution':
    case 'image-transposed':
      return placeImage(arena, form, layer.tensors, inputChannels, rows)
    case 'recurrent':
      return placeRecurrent(arena, form, layer.tensors, rows)
    case 'attention':
      return placeAttention(arena, form, layer.tensors, rows)
    default:
      return form satisfies never
  }
}

/** One product a group of outputs that read alike; those of a single step go through all rows of the chunk at once. */
function placeConvolution(
  arena: Arena,
  form: ConvolutionForm,
  tensors: readonly Float32Array[],
  inputChannels: number,
): Emit {
  const blocks = padded(form.output.channels) / 8
  const biasAt = arena.place(tensors[1]!, blocks * 8)
  const { slope, curve } = shape(form.activation)
  const known = new Map<string, number>()
  const groups = tapsOf(form).map((taps) => {
    const name = taps.kernelSteps.join()
    const at = known.get(name) ?? arena.place(packedSteps(form, tensors[0]!, taps.kernelSteps, inputChannels))
    known.set(name, at)
    return { taps, at }
  })
  const bowed = ({ at, row, step }: Place): number[] =>
    curve === 0 ? [] : operation(BOW, at, row, form.output.steps * step, curve)
  return (from, to) => [
    ...groups.flatMap(({ taps, at }) => {
      const k = taps.kernelSteps.length * inputChannels
      const a = from.at + taps.first * from.step
      const c = to.at + taps.at * to.step
      const last = [blocks, real(slope)]
      if (taps.count === 1) return operation(DENSE, a, from.row, k, 0, at, biasAt, c, to.row, ...last, 0)
      const [fromStep, toStep] = [taps.advance * from.step, taps.every * to.step]
      return operation(CONVOLVE, a, from.row, fromStep, taps.count, k, at, biasAt, c, to.row, toStep, ...last)
    }),
    ...bowed(to),
  ]
}

function placeRecurrent(arena: Arena, form: RecurrentForm, tensors: readonly Float32Array[], rows: number): Emit {
  const { input, output, cell, direction } = form
  const units = output.channels
  const width = units + input.channels
  const gates = cell === 'lstm' ? 4 : 2
  const room = (columns: number): number => arena.reserve(rows * columns)
  const placed = tensors.map((tensor, i) => {
    return arena.place(i % 2 === 0 ? packed(tensor, width, tensor.length / width) : tensor)
  })
  const [weights = 0, bias = 0, freshWeights = 0, freshBias = 0] = placed
  const [seen, gated, fresh, state] = [room(padded(width)), room(gates * units), room(units), room(units)]
  const steps = Math.max(input.steps, output.steps)
  const cells = [weights, bias, freshWeights, freshBias, seen, padded(width) * 4, gated, fresh, state]
  /** Where the first step of a side is, and how far it is to the next. */
  const walked = ({ at, step }: Place, of: number): [number, number] => {
    if (of === 1) return [at, 0]
    return direction === 'forward' ? [at, step] : [at + (of - 1) * step, -step]
  }
  return (from, to) => {
    const [read, readStep] = walked(from, input.steps)
    const [write, writeStep] = walked(to, output.steps)
    const sizes = [steps, input.channels, units, cell === 'lstm' ? 0 : 1]
    return operation(RECUR, read, from.row, readStep, ...sizes, ...cells, write, to.row, writeStep)
  }
}

/** Values of a row of the layer's output, with what the kernel may write behind it. */
function valuesOfRow(form: LayerForm): number {
  const every = form.kind === 'transposed' || form.kind === 'image-transposed' ? form.stride : 1
  return (form.output.steps + overrun * every) * padded(form.output.channels)
}

/** 32-bit values that a layer takes of a kernel's memory, at most. */
export function valuesOf(form: LayerForm, rows: number): number {
  return 2 * rows * valuesOfRow(form) + ownValues(form, rows)
}

/** Weights, and buffers of its own. */
function ownValues(form: LayerForm, rows: number): number {
  switch (form.kind) {
    case 'convolution':
    case 'transposed': {
      const size = padded(form.input.channels) * padded(form.output.channels)
      const groups = tapsOf(form)
      return groups.reduce((sum, { kernelSteps }) => sum + kernelSteps.length * size, groups.length * 16)
    }
    case 'image-convolution':
    case 'image-transposed':
      return imageValues(form, rows)
    case 'recurrent': {
      const units = form.output.channels
      return (units + padded(form.input.channels)) * (4 * units + rows) + 6 * units * (rows + 1)
    }
    case 'attention':
      return attentionValues(form, rows)
    default:
      return form satisfies never
  }
}
