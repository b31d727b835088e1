// Penalty: what a training asks of the code besides a small error, its value and its gradient, on plain arrays. It stands
// between encoder and decoder: it sees the code of a batch, makes of it what the decoder takes, and turns the gradient that
// comes back. Shared by the trainers (dense-trainer.ts, tensorflow/train-dense.ts); their products are their own.
//   sparse       weight · Σ_j KL(share ‖ mean of unit j over the batch): few units of a sigmoid code are on at a time
//   absolute     weight · mean |h|: the same by L1, for any code
//   contractive  weight · mean over rows of ‖∂h/∂x‖²: a code that barely moves when the row does; in closed form, for an
//                encoder of one layer
//   variational  weight · mean over rows of ½ Σ (e^lv + μ² − 1 − lv): the layer gives means μ and log-variances lv, the
//                decoder takes μ + e^(lv/2) · noise
// Invariants
//   P1 the noise of a step follows from the seed and the number of the step alone.
//   P2 columns beyond the code are neither read nor given a gradient.
// The weight of the divergence grows over the first steps: at full strength from the start, all units fall silent.
// Sources: Ng, Sparse autoencoder (2011); Rifai et al., Contractive auto-encoders (2011); Kingma and Welling, Auto-encoding
// variational Bayes (2014); Sønderby et al., Ladder variational autoencoders (2016), for the warm-up.

import assert from 'node:assert/strict'
import { exp, log } from '../core/elementary.ts'
import { Random } from '../core/random.ts'
import type { Activation } from './model.ts'

/** `layer` is the one whose output is the code. */
export type Penalty =
  | { readonly kind: 'sparse'; readonly layer: number; readonly weight: number; readonly share: number }
  | { readonly kind: 'absolute'; readonly layer: number; readonly weight: number }
  | { readonly kind: 'contractive'; readonly layer: 0; readonly weight: number }
  | {
      readonly kind: 'variational'
      readonly layer: number
      readonly weight: number
      readonly warmupSteps: number
      readonly seed: number
    }

/** Rows in a trainer's memory, `stride` values apart. */
export interface Strided {
  readonly values: Float32Array
  readonly stride: number
}

/** Where a batch lies. Without sampling the decoder takes the code itself: `latent` is `code`, and so are their slopes. */
export interface CodeView {
  readonly columns: number
  readonly code: Strided
  readonly codeSlopes: Strided
  readonly latent: Strided
  readonly latentSlopes: Strided
  readonly activation: Activation
  /** The layer that gives the code; `at` finds a weight and its slope. */
  readonly encoder: {
    readonly inputs: number
    readonly weights: Float32Array
    readonly slopes: Float32Array
    readonly at: (input: number, output: number) => number
  }
}

export interface PenaltyOnCode {
  /** After the encoder: writes what the decoder takes, answers the penalty. Steps count from 1. */
  forward(rows: number, step: number): number
  /** After the decoder's gradient: makes of the slopes of the latent those of the code. */
  backward(rows: number): void
  /** After the encoder's gradient: adds what the penalty asks of its weights directly. */
  settle(rows: number): void
}

/** Columns that the decoder takes of a code of so many. */
export function latentColumns(penalty: Penalty | null, columns: number): number {
  return penalty?.kind === 'variational' ? columns / 2 : columns
}

/** Means are kept from 0 and 1, where the divergence has no slope that helps. */
const meanMargin = 1e-6
/** Log-variances beyond are treated as these and get no gradient. */
export const logVarianceMax = 10

export function penaltyOnCode(penalty: Penalty, view: CodeView): PenaltyOnCode {
  switch (penalty.kind) {
    case 'sparse':
      return sparse(penalty, view)
    case 'absolute':
      return absolute(penalty, view)
    case 'contractive':
      return contractive(penalty, view)
    case 'variational':
      return variational(penalty, view)
    default:
      return penalty satisfies never
  }
}

const nothing = (): void => {}

function sparse({ weight, share }: Penalty & { kind: 'sparse' }, view: CodeView): PenaltyOnCode {
  assert.equal(view.activation.kind, 'sigmoid', 'a share of the time is that of units between 0 and 1')
  const { code, codeSlopes, columns } = view
  const slopes = new Float64Array(columns)
  return {
    forward: (rows) => {
      let value = 0
      for (let j = 0; j < columns; j++) {
        let sum = 0
        for (let at = j; at < rows * code.stride; at += code.stride) sum += code.values[at]!
        const mean = Math.min(1 - meanMargin, Math.max(meanMargin, sum / rows))
        value += share * log(share / mean) + (1 - share) * log((1 - share) / (1 - mean))
        slopes[j] = (weight * ((1 - share) / (1 - mean) - share / mean)) / rows
      }
      return weight * value
    },
    backward: (rows) => {
      const { values, stride } = codeSlopes
      for (let row = 0; row < rows; row++) for (let j = 0; j < columns; j++) values[row * stride + j]! += slopes[j]!
    },
    settle: nothing,
  }
}

function absolute({ weight }: Penalty & { kind: 'absolute' }, view: CodeView): PenaltyOnCode {
  const { code, codeSlopes, columns } = view
  return {
    forward: (rows) => {
      let sum = 0
      for (let row = 0; row < rows; row++)
        for (let j = 0; j < columns; j++) sum += Math.abs(code.values[row * code.stride + j]!)
      return (weight * sum) / (rows * columns)
    },
    backward: (rows) => {
      const slope = weight / (rows * columns)
      for (let row = 0; row < rows; row++)
        for (let j = 0; j < columns; j++)
          codeSlopes.values[row * codeSlopes.stride + j]! += slope * Math.sign(code.values[row * code.stride + j]!)
    },
    settle: nothing,
  }
}

/** With g = the activation's derivative told from its output: Σ_j g_j² ‖W_j‖², W_j the weights into unit j. */
function contractive({ weight }: Penalty & { kind: 'contractive' }, view: CodeView): PenaltyOnCode {
  const { code, codeSlopes, columns, encoder, activation } = view
  const { inputs, weights, slopes, at } = encoder
  assert.ok(activation.kind === 'sigmoid' || activation.kind === 'tanh', 'a code that bends, or nothing can contract')
  const isSigmoid = activation.kind === 'sigmoid'
  const norms = new Float64Array(columns)
  /** Σ over rows of g². */
  const bends = new Float64Array(columns)
  return {
    forward: (rows) => {
      bends.fill(0)
      const { values, stride } = code
      for (let from = 0; from < rows * stride; from += stride)
        for (let j = 0; j < columns; j++) {
          const h = values[from + j]!
          const g = isSigmoid ? h * (1 - h) : 1 - h * h
          bends[j]! += g * g
        }
      let value = 0
      for (let j = 0; j < columns; j++) {
        let norm = 0
        for (let i = 0; i < inputs; i++) norm += weights[at(i, j)]! * weights[at(i, j)]!
        norms[j] = norm
        value += norm * bends[j]!
      }
      return (weight * value) / rows
    },
    backward: (rows) => {
      const factor = (2 * weight) / rows
      const { values, stride } = code
      const { values: into, stride: step } = codeSlopes
      for (let row = 0; row < rows; row++) {
        const [from, to] = [row * stride, row * step]
        for (let j = 0; j < columns; j++) {
          const h = values[from + j]!
          // g · dg/dh.
          const bend = isSigmoid ? h * (1 - h) * (1 - 2 * h) : (1 - h * h) * -2 * h
          into[to + j]! += factor * norms[j]! * bend
        }
      }
    },
    settle: (rows) => {
      for (let j = 0; j < columns; j++) {
        const factor = (2 * weight * bends[j]!) / rows
        for (let i = 0; i < inputs; i++) slopes[at(i, j)]! += factor * weights[at(i, j)]!
      }
    },
  }
}

function variational(penalty: Penalty & { kind: 'variational' }, view: CodeView): PenaltyOnCode {
  assert.equal(view.activation.kind, 'linear', 'means and log-variances have no bounds')
  const { code, codeSlopes, latent, latentSlopes, columns } = view
  const half = columns / 2
  /** Of the batch last seen: e^(lv/2), and the noise times it. */
  let spreads = new Float64Array(0)
  let shifts = new Float64Array(0)
  let weight = 0
  return {
    forward: (rows, step) => {
      weight = penalty.weight * Math.min(1, step / penalty.warmupSteps)
      if (spreads.length < rows * half) {
        spreads = new Float64Array(rows * half)
        shifts = new Float64Array(rows * half)
      }
      const random = Random.derived(penalty.seed, `noise ${step}`)
      let sum = 0
      for (let row = 0; row < rows; row++)
        for (let j = 0; j < half; j++) {
          const mean = code.values[row * code.stride + j]!
          const logVariance = clamped(code.values[row * code.stride + half + j]!)
          const spread = exp(logVariance / 2)
          const shift = spread * random.normal()
          spreads[row * half + j] = spread
          shifts[row * half + j] = shift
          latent.values[row * latent.stride + j] = mean + shift
          sum += spread * spread + mean * mean - 1 - logVariance
        }
      return (weight * sum) / (2 * rows)
    },
    backward: (rows) => {
      codeSlopes.values.fill(0, 0, rows * codeSlopes.stride)
      const share = weight / rows
      for (let row = 0; row < rows; row++)
        for (let j = 0; j < half; j++) {
          const slope = latentSlopes.values[row * latentSlopes.stride + j]!
          const at = row * codeSlopes.stride + j
          const spread = spreads[row * half + j]!
          codeSlopes.values[at] = slope + share * code.values[row * code.stride + j]!
          const logVariance = code.values[row * code.stride + half + j]!
          if (logVariance !== clamped(logVariance)) continue
          codeSlopes.values[at + half] = 0.5 * (slope * shifts[row * half + j]! + share * (spread * spread - 1))
        }
    },
    settle: nothing,
  }
}

function clamped(logVariance: number): number {
  return Math.min(logVarianceMax, Math.max(-logVarianceMax, logVariance))
}
