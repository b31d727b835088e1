// Attention: a block in which every step of a window looks at all others, forward and back: learned positions, attention of
// several heads and a layer in each step, each behind a normalisation and added to what was there.
// Sources: Vaswani et al., Attention is all you need (2017); Ba et al., Layer normalization (2016); Xiong et al., On layer
// normalization in the transformer architecture (2020), for the normalisation before rather than behind.

import { exp } from '../../core/elementary.ts'
import { type AttentionForm, normalEpsilon } from '../sequence.ts'
import { addBias, applyActivation, columnSums, throughActivation } from './activation.ts'
import type { LayerPass } from './layer-pass.ts'
import type { Products, Weights } from './products.ts'

const bent = { kind: 'relu' } as const

export function attention(
  form: AttentionForm,
  tensors: readonly Float32Array[],
  x: Float32Array,
  products: Products,
): LayerPass {
  const { heads, hidden, input } = form
  const { steps, channels } = input
  const tensor = (index: number): Float32Array => tensors[index]!
  const placed = x.slice()
  addBias(placed, tensor(0))
  const first = normal(placed, channels, tensor(1), tensor(2))
  const qkv = affine(products, first.output, tensor(3), tensor(4), channels)
  const looked = look(qkv.output, steps, channels, heads)
  const out = affine(products, looked.output, tensor(5), tensor(6), channels)
  const middle = sum(placed, out.output)
  const second = normal(middle, channels, tensor(7), tensor(8))
  const up = affine(products, second.output, tensor(9), tensor(10), channels)
  applyActivation(up.output, bent)
  const down = affine(products, up.output, tensor(11), tensor(12), hidden)
  return {
    output: sum(middle, down.output),
    backward: (above) => {
      const ofDown = down.backward(above)
      const ofUp = up.backward(throughActivation(ofDown.below, up.output, bent))
      const ofSecond = second.backward(ofUp.below)
      const ofMiddle = sum(above, ofSecond.below)
      const ofOut = out.backward(ofMiddle)
      const ofQkv = qkv.backward(looked.backward(ofOut.below))
      const ofFirst = first.backward(ofQkv.below)
      const below = sum(ofMiddle, ofFirst.below)
      const gradients = [
        columnSums(below, steps * channels),
        ...[ofFirst, ofQkv, ofOut, ofSecond, ofUp, ofDown].flatMap((part) => part.gradients),
      ]
      return { below, gradients }
    },
  }
}

interface Part {
  readonly output: Float32Array
  backward(above: Float32Array): { readonly below: Float32Array; readonly gradients: readonly Float32Array[] }
}

function affine(products: Products, x: Float32Array, values: Float32Array, bias: Float32Array, inputs: number): Part {
  const weights: Weights = { values, inputs, outputs: bias.length }
  const output = products.forward(x, weights)
  addBias(output, bias)
  return {
    output,
    backward: (above) => ({
      below: products.back(above, weights),
      gradients: [products.gradient(x, above, inputs, bias.length), columnSums(above, bias.length)],
    }),
  }
}

/** Each step to mean 0 and deviation 1, then times gain plus shift. */
function normal(x: Float32Array, channels: number, gain: Float32Array, shift: Float32Array): Part {
  const standard = new Float32Array(x.length)
  const factors = new Float32Array(x.length / channels)
  const output = new Float32Array(x.length)
  for (let step = 0, at = 0; at < x.length; step++, at += channels) {
    let mean = 0
    for (let c = 0; c < channels; c++) mean += x[at + c]! / channels
    let variance = 0
    for (let c = 0; c < channels; c++) variance += (x[at + c]! - mean) ** 2 / channels
    factors[step] = 1 / Math.sqrt(variance + normalEpsilon)
    for (let c = 0; c < channels; c++) {
      standard[at + c] = (x[at + c]! - mean) * factors[step]!
      output[at + c] = standard[at + c]! * gain[c]! + shift[c]!
    }
  }
  return {
    output,
    backward: (above) => {
      const below = new Float32Array(x.length)
      for (let step = 0, at = 0; at < x.length; step++, at += channels) {
        let [mean, tilt] = [0, 0]
        for (let c = 0; c < channels; c++) {
          const slope = above[at + c]! * gain[c]!
          mean += slope / channels
          tilt += (slope * standard[at + c]!) / channels
        }
        for (let c = 0; c < channels; c++)
          below[at + c] = factors[step]! * (above[at + c]! * gain[c]! - mean - standard[at + c]! * tilt)
      }
      const ofGain = columnSums(
        above.map((slope, i) => slope * standard[i]!),
        channels,
      )
      return { below, gradients: [ofGain, columnSums(above, channels)] }
    },
  }
}

interface Look {
  readonly output: Float32Array
  backward(above: Float32Array): Float32Array
}

/** A step of `qkv` is its queries, keys and values. */
function look(qkv: Float32Array, steps: number, channels: number, heads: number): Look {
  const rows = qkv.length / (steps * 3 * channels)
  const width = channels / heads
  const scale = 1 / Math.sqrt(width)
  /** Of each row, head and step, its weights over all steps. */
  const weights = new Float32Array(rows * heads * steps * steps)
  const output = new Float32Array(rows * steps * channels)
  const eachStep = (visit: (weight: number, query: number, keys: number, to: number) => void): void => {
    for (let row = 0; row < rows; row++)
      for (let head = 0; head < heads; head++)
        for (let t = 0; t < steps; t++) {
          const keys = row * steps * 3 * channels + head * width + channels
          const query = keys - channels + t * 3 * channels
          visit(((row * heads + head) * steps + t) * steps, query, keys, (row * steps + t) * channels + head * width)
        }
  }
  eachStep((weight, query, keys, to) => {
    softmax(qkv, weights, weight, query, keys, { steps, width, stride: 3 * channels, scale })
    for (let s = 0; s < steps; s++) {
      const value = keys + channels + s * 3 * channels
      for (let c = 0; c < width; c++) output[to + c]! += weights[weight + s]! * qkv[value + c]!
    }
  })
  return {
    output,
    backward: (above) => {
      const below = new Float32Array(qkv.length)
      const slopes = new Float64Array(steps)
      eachStep((weight, query, keys, to) => {
        let mean = 0
        for (let s = 0; s < steps; s++) {
          const value = keys + channels + s * 3 * channels
          let slope = 0
          for (let c = 0; c < width; c++) {
            slope += above[to + c]! * qkv[value + c]!
            below[value + c]! += weights[weight + s]! * above[to + c]!
          }
          slopes[s] = slope
          mean += weights[weight + s]! * slope
        }
        for (let s = 0; s < steps; s++) {
          const key = keys + s * 3 * channels
          const slope = weights[weight + s]! * (slopes[s]! - mean) * scale
          for (let c = 0; c < width; c++) {
            below[query + c]! += slope * qkv[key + c]!
            below[key + c]! += slope * qkv[query + c]!
          }
        }
      })
      return below
    },
  }
}

function softmax(
  qkv: Float32Array,
  weights: Float32Array,
  weight: number,
  query: number,
  keys: number,
  { steps, width, stride, scale }: { steps: number; width: number; stride: number; scale: number },
): void {
  let greatest = Number.NEGATIVE_INFINITY
  for (let s = 0; s < steps; s++) {
    let score = 0
    for (let c = 0; c < width; c++) score += qkv[query + c]! * qkv[keys + s * stride + c]!
    weights[weight + s] = score * scale
    greatest = Math.max(greatest, weights[weight + s]!)
  }
  let total = 0
  for (let s = 0; s < steps; s++) {
    weights[weight + s] = exp(weights[weight + s]! - greatest)
    total += weights[weight + s]!
  }
  for (let s = 0; s < steps; s++) weights[weight + s]! /= total
}

function sum(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value + b[i]!)
}
