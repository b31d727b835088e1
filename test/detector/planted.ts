// Planted rows for tests of fits: columns that follow a few hidden causes with a little noise, so that a detector has
// something to learn, and rows that break it.

import { Random } from '../../libs/core/random.ts'
import type { FitRequest } from '../../libs/detector/fit.ts'

const causes = 2

/** `count` rows of `width` columns; each column is a fixed mixture of two hidden causes plus noise of deviation 0.1. */
export function planted(count: number, width: number, seed: number): Float32Array {
  const random = new Random(seed)
  const mixture = new Random(99)
  const weights = Float64Array.from({ length: causes * width }, () => mixture.normal())
  const rows = new Float32Array(count * width)
  for (let i = 0; i < count; i++) {
    const hidden = [random.normal(), random.normal()]
    for (let j = 0; j < width; j++) {
      let sum = 0.1 * random.normal()
      for (const [c, value] of hidden.entries()) sum += weights[j * causes + c]! * value
      rows[i * width + j] = sum
    }
  }
  return rows
}

export function requestOf(rows: Float32Array, width: number, more: Partial<FitRequest> = {}): FitRequest {
  return {
    rows,
    count: rows.length / width,
    width,
    groups: Int32Array.from({ length: width }, (_, j) => j),
    names: Array.from({ length: width }, (_, j) => `x${j}`),
    revision: '0123456789abcdef',
    kind: 'denoising',
    seed: 1,
    alpha: 0.01,
    windowed: false,
    backend: 'wasm',
    ...more,
  }
}
