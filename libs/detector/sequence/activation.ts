// Activation over many values in training, as the engine computes it, and back through it.

import { curveCodes } from '../kernel/program.ts'
import { activate } from '../kernel/twin-activation.ts'
import type { Activation } from '../model.ts'
import { shape } from '../packing.ts'

/** In place. */
export function applyActivation(values: Float32Array, activation: Activation): void {
  const { slope, curve } = shape(activation)
  if (curve !== curveCodes.none) for (let i = 0; i < values.length; i++) values[i] = activate(1, curve, values[i]!)
  else if (slope !== 1) for (let i = 0; i < values.length; i++) if (values[i]! < 0) values[i]! *= slope
}

/** The slopes before the activation, from those after it and the activation's own outputs. */
export function throughActivation(above: Float32Array, outputs: Float32Array, activation: Activation): Float32Array {
  if (activation.kind === 'linear') return above
  const { slope, curve } = shape(activation)
  const below = new Float32Array(above.length)
  for (let i = 0; i < above.length; i++) below[i] = above[i]! * derivative(outputs[i]!, slope, curve)
  return below
}

function derivative(output: number, slope: number, curve: number): number {
  if (curve === curveCodes.tanh) return 1 - output * output
  if (curve === curveCodes.sigmoid) return output * (1 - output)
  return output > 0 ? 1 : slope
}

/** Adds one value a column to all rows, in place. */
export function addBias(values: Float32Array, bias: Float32Array): void {
  const columns = bias.length
  for (let at = 0; at < values.length; at += columns) for (let o = 0; o < columns; o++) values[at + o]! += bias[o]!
}

export function columnSums(slopes: Float32Array, columns: number): Float32Array {
  const sums = new Float64Array(columns)
  for (let at = 0; at < slopes.length; at += columns) for (let o = 0; o < columns; o++) sums[o]! += slopes[at + o]!
  return Float32Array.from(sums)
}
