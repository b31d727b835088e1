// Divergence: the member that says how far the cloud of codes of a row is from the standard normal. On normal rows its mean
// is brought to that of a Mahalanobis distance of a row, its number of columns, so that it can stand beside one.

import { exp } from '../../core/elementary.ts'
import { constantColumns } from '../covariance.ts'
import { activate } from '../kernel/twin-activation.ts'
import type { DenseLayer, DivergenceMember } from '../model.ts'
import { shape } from '../packing.ts'
import { logVarianceMax } from '../penalty.ts'
import { filled, type TrainingRows } from './kind.ts'
import type { Network } from './network.ts'

/** Rows that the mean is taken over. */
const rowsMax = 500
/** Where all units fell silent, what is left is noise and is not blown up. */
const meanMin = 0.1

/** Of a network whose code, given by the layer at index `code`, is a cloud. */
export function divergenceOf(training: TrainingRows, { member, spread }: Network, code: number): DivergenceMember[] {
  if (spread === null) return []
  const { count, width } = training
  // Where nothing varies, what a cloud is follows from chance alone.
  if (constantColumns(training.rows, count, width).every((constant) => constant === 1)) return []
  const rows = filled(training)
  const encoder = member.layers.slice(0, code)
  const means = member.layers[code]!
  const every = Math.ceil(count / rowsMax)
  let sum = 0
  let seen = 0
  for (let row = 0; row < count; row += every, seen++) {
    let hidden = rows.subarray(row * width, (row + 1) * width)
    for (const layer of encoder) hidden = outputs(layer, hidden)
    sum += divergence(outputs(means, hidden), outputs(spread, hidden))
  }
  const { layers, shares } = member
  const network = shares === undefined ? { layers } : { layers, shares }
  return [{ kind: 'divergence', ...network, code, spread, scale: Math.fround(width / Math.max(meanMin, sum / seen)) }]
}

/** Of the cloud of a row without missing values. */
export function logVariancesOf({ layers, code, spread }: DivergenceMember, row: Float32Array): Float32Array {
  let hidden = row
  for (const layer of layers.slice(0, code)) hidden = outputs(layer, hidden)
  return outputs(spread, hidden)
}

function outputs({ weights, bias, activation }: DenseLayer, inputs: Float32Array): Float32Array {
  const { slope, curve } = shape(activation)
  return bias.map((offset, o) => {
    let sum = offset
    for (let i = 0; i < inputs.length; i++) sum += inputs[i]! * weights[i * bias.length + o]!
    return activate(slope, curve, sum)
  })
}

function divergence(means: Float32Array, logVariances: Float32Array): number {
  let sum = 0
  for (let j = 0; j < means.length; j++) {
    const logVariance = Math.min(logVarianceMax, Math.max(-logVarianceMax, logVariances[j]!))
    sum += exp(logVariance) + means[j]! * means[j]! - 1 - logVariance
  }
  return sum / 2
}
