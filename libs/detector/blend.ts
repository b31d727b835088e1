// Blend: noisy cells and their reconstruction together, in each column as much of either as leaves the least error. With noise
// of variance n² on cells x, a reconstruction f(x) and the share w of it, the expected square of the error of
// x + w (f(x) − x) is n² − 2 w n² (1 − f′) + w² E(x − f(x))², where f′ is how much of a cell's own noise its reconstruction
// lets through: the least is at w = n² (1 − f′) / E(x − f(x))². Both are seen without the truth: the distance on the cells
// themselves, f′ by what becomes of a little noise more. Pure; random by a seed.
// Invariants
//   B1 without noise cells stay; a share is from 0 to 1.
//   B2 a missing cell (NaN) is its reconstruction.
// Sources: Stein's unbiased estimate of risk (1981); its derivative by random probes, Ramani, Blu and Unser (2008).

import { Random } from '../core/random.ts'
import { withNoise } from './spoilt.ts'

/** Deviation of the probing noise, in those of the columns: small beside them, large beside the rounding of cells. */
const probeShare = 0.1

export interface Blending {
  readonly restore: (cells: Float32Array) => Float32Array
  /** Deviation of the noise in each column, in its units. */
  readonly noise: Float32Array
  /** Deviations of the columns themselves. */
  readonly deviations: Float32Array
  /** Of the probes, which are not the noise that the same seed puts on. */
  readonly seed: number
}

export function blended(cells: Float32Array, { restore, noise, deviations, seed }: Blending): Float32Array {
  const restored = restore(cells)
  const probe = deviations.map((deviation) => probeShare * deviation)
  const probed = withNoise(cells, probe, Random.derived(seed, 'blend').bits())
  const again = restore(probed)
  const width = noise.length
  const [squares, passed, added] = [new Float64Array(width), new Float64Array(width), new Float64Array(width)]
  const counts = new Float64Array(width)
  for (let i = 0; i < cells.length; i++) {
    const apart = cells[i]! - restored[i]!
    if (Number.isNaN(apart)) continue
    const j = i % width
    const more = probed[i]! - cells[i]!
    squares[j]! += apart * apart
    passed[j]! += more * (again[i]! - restored[i]!)
    added[j]! += more * more
    counts[j]!++
  }
  const shares = noise.map((deviation, j) => {
    const through = added[j]! > 0 ? passed[j]! / added[j]! : 0
    const gain = deviation * deviation * counts[j]! * (1 - through)
    return gain <= 0 ? 0 : Math.min(1, gain / squares[j]!)
  })
  return cells.map((value, i) => {
    const guess = restored[i]!
    const share = shares[i % width]!
    if (Number.isNaN(value)) return guess
    return share === 0 ? value : value + share * (guess - value)
  })
}
