// Activation over many values in training, and back through it.

import { curveCodes } from '../kernel/program.ts'
import { P, Q } from '../kernel/twin-activation.ts'
import type { Activation } from '../model.ts'
import { shape } from '../packing.ts'

const [p0 = 0, p1 = 0, p2 = 0, p3 = 0, p4 = 0] = P
const [q0 = 0, q1 = 0, q2 = 0, q3 = 0, q4 = 0] = Q

/** The engine's tanh in float64, which is many times faster than rounding each step as the engine does. */
function tanh(value: number): number {
  const x = Math.min(9, Math.max(-9, value))
  const u = x * x
  return (x * ((((p0 * u + p1) * u + p2) * u + p3) * u + p4)) / ((((q0 * u + q1) * u + q2) * u + q3) * u + q4)
}

/** To the values [from, to) of each run of `stride`, in place. */
export function applyActivation(
  values: Float32Array,
  activation: Activation,
  stride = values.length,
  from = 0,
  to = stride,
): void {
  const { slope, curve } = shape(activation)
  if (slope === 1 && curve === curveCodes.none) return
  for (let run = 0; run < values.length; run += stride) {
    if (curve === curveCodes.tanh) for (let i = run + from; i < run + to; i++) values[i] = tanh(values[i]!)
    else if (curve === curveCodes.sigmoid)
      for (let i = run + from; i < run + to; i++) values[i] = 0.5 + 0.5 * tanh(0.5 * values[i]!)
    else for (let i = run + from; i < run + to; i++) if (values[i]! < 0) values[i]! *= slope
  }
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
