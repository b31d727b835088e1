// Packing: weights and activations as the kernel reads them (assembly/dense.ts). Weights lie in blocks of 8 columns,
// [block][input][8], the last block padded with zeros.

import { curveCodes } from './kernel/program.ts'
import type { Activation } from './model.ts'
import type { ConvolutionForm } from './sequence.ts'

export function shape(activation: Activation): { slope: number; curve: number } {
  switch (activation.kind) {
    case 'linear':
      return { slope: 1, curve: curveCodes.none }
    case 'relu':
      return { slope: 0, curve: curveCodes.none }
    case 'leaky-relu':
      return { slope: activation.alpha, curve: curveCodes.none }
    case 'tanh':
      return { slope: 1, curve: curveCodes.tanh }
    case 'sigmoid':
      return { slope: 1, curve: curveCodes.sigmoid }
    default:
      return activation satisfies never
  }
}

/** Weights in row-major [input][output] as the kernel reads them. */
export function packed(weights: Float32Array, inputs: number, outputs: number): Float32Array {
  const blocks = Math.ceil(outputs / 8)
  const target = new Float32Array(blocks * inputs * 8)
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) target[((o >> 3) * inputs + i) * 8 + (o & 7)] = weights[i * outputs + o]!
  }
  return target
}

/** The inverse of `packed`. */
export function unpacked(weights: Float32Array, inputs: number, outputs: number): Float32Array {
  const target = new Float32Array(inputs * outputs)
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) target[i * outputs + o] = weights[((o >> 3) * inputs + i) * 8 + (o & 7)]!
  }
  return target
}

/** The weights of these kernel steps one after another, with nothing from the padding of the input. */
export function packedSteps(
  { kind, kernel, input, output }: ConvolutionForm,
  weights: Float32Array,
  kernelSteps: readonly number[],
  inputChannels: number,
): Float32Array {
  const { channels } = output
  const rows = new Float32Array(kernelSteps.length * inputChannels * channels)
  for (const [i, step] of kernelSteps.entries())
    for (let c = 0; c < input.channels; c++) {
      const from = (kind === 'convolution' ? step * input.channels + c : c * kernel + step) * channels
      rows.set(weights.subarray(from, from + channels), (i * inputChannels + c) * channels)
    }
  return packed(rows, kernelSteps.length * inputChannels, channels)
}

/** Whole blocks of the kernel. */
export function padded(channels: number): number {
  return Math.ceil(channels / 8) * 8
}
