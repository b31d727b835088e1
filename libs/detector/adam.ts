// Adam: one step of the optimiser over an array of numbers, in float64 and kept as float32.
// Source: Kingma and Ba, Adam (2015).

const firstMomentDecay = 0.9
const secondMomentDecay = 0.999
const stabiliser = 1e-8

/** One array of numbers under the optimiser. */
export interface Parameter {
  readonly values: Float32Array
  readonly first: Float32Array
  readonly second: Float32Array
}

export function parameter(values: Float32Array): Parameter {
  return { values, first: new Float32Array(values.length), second: new Float32Array(values.length) }
}

export function adam(parameter: Parameter, gradient: Float32Array, rate: number, decay: number, step: number): void {
  const { values, first, second } = parameter
  const firstCorrection = 1 / (1 - firstMomentDecay ** step)
  const secondCorrection = 1 / (1 - secondMomentDecay ** step)
  for (let i = 0; i < values.length; i++) {
    const slope = gradient[i]! + decay * values[i]!
    const m = firstMomentDecay * first[i]! + (1 - firstMomentDecay) * slope
    const v = secondMomentDecay * second[i]! + (1 - secondMomentDecay) * slope * slope
    first[i] = m
    second[i] = v
    values[i] = values[i]! - (rate * m * firstCorrection) / (Math.sqrt(v * secondCorrection) + stabiliser)
  }
}
