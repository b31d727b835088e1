// Picture: images side by side, dark ink on white paper, in groups of lines: originals, and under each what was made of it.

import type { Picture } from './png.ts'

const perLine = 20
const magnified = 2
const gapPixels = 4
const betweenGroupsPixels = 12

export interface Groups {
  /** From the upper to the lower; of each as many images. */
  readonly lines: readonly Float32Array[]
  /** Of an image. */
  readonly rows: number
  readonly columns: number
}

export function picture({ lines, rows, columns }: Groups): Picture {
  const count = (lines[0]?.length ?? 0) / (rows * columns)
  const groups = Math.ceil(count / perLine)
  const [wide, high] = [columns * magnified, rows * magnified]
  const groupHigh = lines.length * (high + gapPixels) - gapPixels
  const width = gapPixels + Math.min(count, perLine) * (wide + gapPixels)
  const height = betweenGroupsPixels + groups * (groupHigh + betweenGroupsPixels)
  const pixels = new Uint8Array(width * height).fill(255)
  for (let i = 0; i < count; i++) {
    const left = gapPixels + (i % perLine) * (wide + gapPixels)
    const top = betweenGroupsPixels + Math.floor(i / perLine) * (groupHigh + betweenGroupsPixels)
    for (const [line, images] of lines.entries())
      for (let y = 0; y < high; y++)
        for (let x = 0; x < wide; x++) {
          const at = i * rows * columns + Math.floor(y / magnified) * columns + Math.floor(x / magnified)
          const from = top + line * (high + gapPixels) + y
          pixels[from * width + left + x] = 255 - Math.round(255 * Math.min(1, Math.max(0, images[at] ?? 0)))
        }
  }
  return { width, height, pixels }
}
