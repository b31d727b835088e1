// Code: the code of one batch of a training on TensorFlow, under the penalty of its plan; plain arrays between tensors.

import type { Activation } from '../model.ts'
import { latentColumns, type Penalty, type PenaltyOnCode, penaltyOnCode } from '../penalty.ts'

/** A code under its penalty. */
export interface Code {
  readonly value: number
  readonly latent: Float32Array
  readonly taken: number
  readonly columns: number
  backward(latentSlopes: Float32Array): Float32Array
  settle(weightSlopes: Float32Array): void
}

export function codeOf(
  penalty: Penalty,
  activation: Activation,
  weights: Float32Array,
  code: Float32Array,
  rows: number,
  step: number,
): Code {
  const columns = code.length / rows
  const taken = latentColumns(penalty, columns)
  const latent = taken === columns ? code : new Float32Array(rows * taken)
  const latentSlopes = new Float32Array(rows * taken)
  const codeSlopes = taken === columns ? latentSlopes : new Float32Array(rows * columns)
  const slopes = new Float32Array(weights.length)
  const on: PenaltyOnCode = penaltyOnCode(penalty, {
    columns,
    code: { values: code, stride: columns },
    codeSlopes: { values: codeSlopes, stride: columns },
    latent: { values: latent, stride: taken },
    latentSlopes: { values: latentSlopes, stride: taken },
    activation,
    encoder: { inputs: weights.length / columns, weights, slopes, at: (input, output) => input * columns + output },
  })
  return {
    value: on.forward(rows, step),
    latent,
    taken,
    columns,
    backward: (given) => {
      latentSlopes.set(given)
      on.backward(rows)
      return codeSlopes
    },
    settle: (weightSlopes) => {
      on.settle(rows)
      for (let i = 0; i < slopes.length; i++) weightSlopes[i]! += slopes[i]!
    },
  }
}
