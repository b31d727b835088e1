// Digit: an image of a digit as a hand might write it: a glyph, drawn with a pen of some thickness, wider or narrower,
// slanted, moved, its points a little off. Pixels are from 0 (paper) to 1 (ink), smooth at the edge of the line.
// Invariants
//   D1 the seed and the number of an image decide everything in it.
//   D2 images come in the order 0, 1, … 9, 0, …: as many of each digit.

import { Random } from '../../libs/core/random.ts'
import { glyphs, type Stroke } from './glyphs.ts'

export const side = 28
const pixels = side * side
/** Pixels that a glyph is high and wide before it is stretched. */
const boxPixels = 20
const stretch = 0.15
const slant = 0.25
const shiftPixels = 2
const thicknessPixelsMin = 1.4
const thicknessPixelsMax = 3.2
const wobblePixels = 0.4

/** Images [from, from + count), one after another. */
export function digits(count: number, seed: number, from = 0): Float32Array {
  const images = new Float32Array(count * pixels)
  for (let i = 0; i < count; i++) {
    draw(images.subarray(i * pixels, (i + 1) * pixels), from + i, Random.derived(seed, `digit ${from + i}`))
  }
  return images
}

function draw(image: Float32Array, number: number, random: Random): void {
  const within = (reach: number): number => reach * (2 * random.uniform() - 1)
  const [wide, high] = [boxPixels * (0.9 + within(stretch)), boxPixels * (1 + within(stretch))]
  const lean = within(slant)
  const [right, down] = [side / 2 + within(shiftPixels), side / 2 + within(shiftPixels)]
  const half = (thicknessPixelsMin + (thicknessPixelsMax - thicknessPixelsMin) * random.uniform()) / 2
  for (const stroke of glyphs[number % glyphs.length] ?? []) {
    // One wobble a stroke at each end, and in between what is between: lines stay lines.
    const [begin, end] = [
      [within(wobblePixels), within(wobblePixels)],
      [within(wobblePixels), within(wobblePixels)],
    ] as const
    const path = stroke.map((value, i) => {
      const along = i / stroke.length
      const off = (begin[i & 1] ?? 0) * (1 - along) + (end[i & 1] ?? 0) * along
      if (i % 2 === 1) return down + (value - 0.5) * high + off
      const y = stroke[i + 1] ?? 0
      return right + (value - 0.5) * wide + lean * (0.5 - y) * high + off
    })
    ink(image, path, half)
  }
}

/** Draws a path with a round pen. */
function ink(image: Float32Array, path: Stroke, half: number): void {
  for (let i = 0; i + 3 < path.length; i += 2) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = path.slice(i, i + 4)
    const reach = half + 1
    const rows = [
      Math.max(0, Math.floor(Math.min(y1, y2) - reach)),
      Math.min(side, Math.ceil(Math.max(y1, y2) + reach)),
    ]
    const columns = [
      Math.max(0, Math.floor(Math.min(x1, x2) - reach)),
      Math.min(side, Math.ceil(Math.max(x1, x2) + reach)),
    ]
    for (let y = rows[0] ?? 0; y < (rows[1] ?? 0); y++)
      for (let x = columns[0] ?? 0; x < (columns[1] ?? 0); x++) {
        const shade = half + 0.5 - distance(x + 0.5, y + 0.5, x1, y1, x2, y2)
        const at = y * side + x
        image[at] = Math.max(image[at] ?? 0, Math.min(1, Math.max(0, shade)))
      }
  }
}

/** From a point to a line between two others. */
function distance(x: number, y: number, x1: number, y1: number, x2: number, y2: number): number {
  const [dx, dy] = [x2 - x1, y2 - y1]
  const long = dx * dx + dy * dy
  const along = long === 0 ? 0 : Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / long))
  const [offX, offY] = [x - x1 - along * dx, y - y1 - along * dy]
  return Math.sqrt(offX * offX + offY * offY)
}
