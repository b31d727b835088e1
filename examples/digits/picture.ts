// Picture: images side by side, dark ink on white paper, in pairs of lines: originals, and under them what was made of each.

import type { Picture } from './png.ts'

const perLine = 20
const magnified = 2
const gapPixels = 4
const betweenPairsPixels = 12

export interface Pairs {
  readonly originals: Float32Array
  readonly reconstructions: Float32Array
  /** Of an image. */
  readonly rows: number
  readonly columns: number
}

export function picture({ originals, reconstructions, rows, columns }: Pairs): Picture {
  const count = originals.length / (rows * columns)
  const pairs = Math.ceil(count / perLine)
  const [wide, high] = [columns * magnified, rows * magnified]
  const pairHigh = 2 * high + gapPixels
  const width = gapPixels + Math.min(count, perLine) * (wide + gapPixels)
  const height = betweenPairsPixels + pairs * (pairHigh + betweenPairsPixels)
  const pixels = new Uint8Array(width * height).fill(255)
  for (let i = 0; i < count; i++) {
    const left = gapPixels + (i % perLine) * (wide + gapPixels)
    const top = betweenPairsPixels + Math.floor(i / perLine) * (pairHigh + betweenPairsPixels)
    for (const [images, from] of [
      [originals, top],
      [reconstructions, top + high + gapPixels],
    ] as const)
      for (let y = 0; y < high; y++)
        for (let x = 0; x < wide; x++) {
          const at = i * rows * columns + Math.floor(y / magnified) * columns + Math.floor(x / magnified)
          pixels[(from + y) * width + left + x] = 255 - Math.round(255 * Math.min(1, Math.max(0, images[at] ?? 0)))
        }
  }
  return { width, height, pixels }
}
