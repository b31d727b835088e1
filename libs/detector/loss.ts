// Loss: what a training makes small: the distance of outputs to targets and its gradient, on plain arrays. The mean is over
// rows and columns, and a target that is NaN costs nothing. Shared by the trainers, as penalty.ts is.
//   squared        (y − t)²
//   huber          the same within `delta` of the target, its tangent beyond, so that wild values do not lead
//   cross-entropy  of sigmoid outputs with targets in [0, 1]; the gradient is that of the logits, which is y − t
//   mixed          squared where no category is; in each group of columns that say one category, the cross-entropy of the
//                  softmax over their outputs (of a column alone: of its sigmoid) with targets in [0, 1], times its weight
// Sources: Huber (1964); Bridle, softmax (1990).

import { exp, log } from '../core/elementary.ts'
import type { Strided } from './penalty.ts'

export type Loss =
  | { readonly kind: 'squared' }
  | { readonly kind: 'huber'; readonly delta: number }
  | { readonly kind: 'cross-entropy' }
  | { readonly kind: 'mixed'; readonly categories: readonly Category[] }

/** The columns [from, to) say one category. */
export interface Category {
  readonly from: number
  readonly to: number
  readonly weight: number
}

/** Writes the gradient of the outputs (of the logits for cross-entropy) into `slopes` and answers the loss. */
export type LossOnOutput = (outputs: Strided, targets: Strided, slopes: Strided, rows: number) => number

/** Where a share is 0 or 1 to the last bit, the cross-entropy is that of this margin. */
const shareMargin = 1e-7
const shareMost = 1 - shareMargin
/** Products of shares are taken to logarithms before they fall out of the range of float64. */
const productMin = 1e-200

export function lossOnOutput(loss: Loss, width: number): LossOnOutput {
  switch (loss.kind) {
    case 'squared':
      return huber(width, Number.POSITIVE_INFINITY)
    case 'huber':
      return huber(width, loss.delta)
    case 'cross-entropy':
      return crossEntropy(width)
    case 'mixed':
      return mixed(width, loss.categories)
    default:
      return loss satisfies never
  }
}

function huber(width: number, delta: number): LossOnOutput {
  return (outputs, targets, slopes, rows) => {
    const scale = 1 / (rows * width)
    const [y, wanted, slope] = [outputs.values, targets.values, slopes.values]
    let sum = 0
    for (let row = 0; row < rows; row++) {
      const [o, t, s] = [row * outputs.stride, row * targets.stride, row * slopes.stride]
      for (let j = 0; j < width; j++) {
        const target = wanted[t + j]!
        const difference = Number.isNaN(target) ? 0 : y[o + j]! - target
        const within = Math.min(delta, Math.max(-delta, difference))
        sum += within * (2 * difference - within)
        slope[s + j] = 2 * scale * within
      }
    }
    return sum * scale
  }
}

function crossEntropy(width: number): LossOnOutput {
  return (outputs, targets, slopes, rows) => {
    const scale = 1 / (rows * width)
    const [y, wanted, slope] = [outputs.values, targets.values, slopes.values]
    let sum = 0
    // One logarithm for many factors: most targets of images are 0 or 1.
    let product = 1
    for (let row = 0; row < rows; row++) {
      const [o, t, s] = [row * outputs.stride, row * targets.stride, row * slopes.stride]
      for (let j = 0; j < width; j++) {
        const target = wanted[t + j]!
        const output = y[o + j]!
        if (Number.isNaN(target)) {
          slope[s + j] = 0
          continue
        }
        slope[s + j] = scale * (output - target)
        const share = Math.min(shareMost, Math.max(shareMargin, output))
        if (target === 0) product *= 1 - share
        else if (target === 1) product *= share
        else sum -= target * log(share / (1 - share)) + log(1 - share)
        if (product >= productMin) continue
        sum -= log(product)
        product = 1
      }
    }
    return (sum - log(product)) * scale
  }
}

function mixed(width: number, categories: readonly Category[]): LossOnOutput {
  const ofCategory = new Uint8Array(width)
  for (const { from, to } of categories) ofCategory.fill(1, from, to)
  const numeric = Array.from(ofCategory.keys()).filter((j) => ofCategory[j] === 0)
  return (outputs, targets, slopes, rows) => {
    const scale = 1 / (rows * width)
    let sum = 0
    for (let row = 0; row < rows; row++) {
      const [o, t, s] = [row * outputs.stride, row * targets.stride, row * slopes.stride]
      for (const j of numeric) {
        const target = targets.values[t + j]!
        const difference = Number.isNaN(target) ? 0 : outputs.values[o + j]! - target
        sum += difference * difference
        slopes.values[s + j] = 2 * scale * difference
      }
      for (const { from, to, weight } of categories) {
        const logits = outputs.values.subarray(o + from, o + to)
        const wanted = targets.values.subarray(t + from, t + to)
        sum += weight * categoryLoss(logits, wanted, slopes.values.subarray(s + from, s + to), scale * weight)
      }
    }
    return sum * scale
  }
}

/** The cross-entropy of one category from its logits; its gradient times `factor` into `slopes`. */
function categoryLoss(logits: Float32Array, wanted: Float32Array, slopes: Float32Array, factor: number): number {
  if (wanted.some(Number.isNaN)) {
    slopes.fill(0)
    return 0
  }
  if (logits.length === 1) {
    const [logit, target] = [logits[0]!, wanted[0]!]
    const small = exp(-Math.abs(logit))
    slopes[0] = factor * ((logit >= 0 ? 1 : small) / (1 + small) - target)
    return Math.max(logit, 0) - logit * target + log(1 + small)
  }
  const highest = Math.max(...logits)
  let all = 0
  for (const logit of logits) all += exp(logit - highest)
  const normaliser = highest + log(all)
  /** 1, or 0 where a value is of no category that the columns know. */
  const mass = wanted.reduce((sum, target) => sum + target, 0)
  let sum = mass * normaliser
  for (let j = 0; j < logits.length; j++) {
    slopes[j] = factor * (mass * exp(logits[j]! - normaliser) - wanted[j]!)
    sum -= wanted[j]! * logits[j]!
  }
  return sum
}
