// Noise: what is added to inputs while a network learns to restore them. Drawn once into a table, of which each row reads
// from a random place: to draw every cell anew took as long as the training itself.

import type { Random } from '../../core/random.ts'

/** A power of two. */
const tableLength = 32_768

/** Adds to cells [at, at + width), in place. */
export type Noise = (cells: Float32Array, at: number, width: number) => void

/** Normal, of the given standard deviation. */
export function noiseFrom(random: Random, deviation: number): Noise {
  const table = Float32Array.from({ length: tableLength }, () => deviation * random.normal())
  return (cells, at, width) => {
    const from = random.bits()
    for (let j = 0; j < width; j++) cells[at + j]! += table[(from + j) & (tableLength - 1)]!
  }
}
