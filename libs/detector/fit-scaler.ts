// The scaler of a fit: mean, standard deviation and range of each column over the training rows, missing values left out.
// Invariants
//   S1 every number is finite and every scale > 0, whatever the rows: a constant column, or one without a value, included.
// A column that never moved gets a thousandth of its level as its scale (1 if the level is 0): when it moves at last, that
// is far outside of anything seen, and not infinitely far.

import type { Scaler } from './model.ts'

const constantShare = 1e-6
const floorShare = 1e-3
/** Largest |z|. Windows hold many columns of the same signal, where one wild value must not drown the rest. */
const clipRows = 1000
const clipWindows = 10

export function fitScaler(rows: Float32Array, count: number, width: number, windowed: boolean): Scaler {
  const mean = new Float32Array(width)
  const inverseScale = new Float32Array(width)
  const [low, high] = [new Float32Array(width), new Float32Array(width)]
  for (let j = 0; j < width; j++) {
    let seen = 0
    let sum = 0
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let i = 0; i < count; i++) {
      const value = rows[i * width + j]!
      if (Number.isNaN(value)) continue
      seen++
      sum += value
      least = Math.min(least, value)
      most = Math.max(most, value)
    }
    const level = seen === 0 ? 0 : sum / seen
    let squares = 0
    for (let i = 0; i < count; i++) {
      const value = rows[i * width + j]!
      if (!Number.isNaN(value)) squares += (value - level) * (value - level)
    }
    const deviation = seen === 0 ? 0 : Math.sqrt(squares / seen)
    mean[j] = level
    low[j] = seen === 0 ? 0 : least
    high[j] = seen === 0 ? 0 : most
    inverseScale[j] = 1 / (deviation > constantShare * Math.abs(level) ? deviation : floorOf(level))
    if (!Number.isFinite(inverseScale[j]!)) inverseScale[j] = 1
  }
  return { mean, inverseScale, clip: windowed ? clipWindows : clipRows, range: { low, high } }
}

function floorOf(level: number): number {
  return level === 0 ? 1 : Math.abs(level) * floorShare
}

/**
 * z = clamp((x − mean) · inverseScale, ±clip), in the kernel's float32 steps: a value that is a column's least here must be no
 * less when it is scored, or what counts values between least and greatest finds it outside. NaN stays NaN.
 */
export function scaled(rows: Float32Array, count: number, { mean, inverseScale, clip }: Scaler): Float32Array {
  const width = mean.length
  const out = new Float32Array(count * width)
  for (let from = 0; from < out.length; from += width)
    for (let j = 0; j < width; j++) {
      const z = Math.fround(Math.fround(rows[from + j]! - mean[j]!) * inverseScale[j]!)
      out[from + j] = Math.min(clip, Math.max(-clip, z))
    }
  return out
}
