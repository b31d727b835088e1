// The twin's bent columns: assembly/bend.ts in plain TypeScript, to the same bits.

import { pmax, pmin } from './twin-activation.ts'
import { logarithm } from './twin-logarithm.ts'
import { exponential } from './twin-shares.ts'

const f = Math.fround
const farthest = f(1e18)
const bentMost = 50

/** scale · asinh((z − center) · inverse). */
export function bent(z: number, center: number, inverse: number, scale: number): number {
  const x = f(f(z - center) * inverse)
  const size = pmin(farthest, Math.abs(x))
  const grown = f(size + f(Math.sqrt(f(f(size * size) + 1))))
  const value = f(logarithm(grown) * scale)
  return x < 0 || Object.is(x, -0) ? -value : value
}

/** center + sinh(value / scale) / inverse. */
export function unbent(value: number, center: number, inverse: number, scale: number): number {
  const plain = f(value / scale)
  const size = Math.abs(plain)
  const power = exponential(pmin(bentMost, size))
  const far = f(f(f(power - f(1 / power)) * 0.5) / inverse)
  return plain < 0 ? f(center - far) : f(center + far)
}

/** Operation BEND at word `at`: rows, their stride in vectors, center, inverse, scale, masks, where to. */
export function bend(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  const place = (index: number): number => words[at + index]! >> 2
  const stride = words[at + 3]! * 4
  const masks = place(7)
  for (let i = 0; i < count * stride; i++) {
    const j = i % stride
    const lost = masks > 0 && words[masks + i] !== 0
    const [center, inverse, scale] = [heap[place(4) + j]!, heap[place(5) + j]!, heap[place(6) + j]!]
    heap[place(8) + i] = lost ? 0 : bent(heap[place(2) + i]!, center, inverse, scale)
  }
}

/** Operation UNBEND at word `at`: rows, their stride in vectors, center, inverse, scale, clip, masks, where to. */
export function unbend(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  const place = (index: number): number => words[at + index]! >> 2
  const stride = words[at + 3]! * 4
  const clip = heap[at + 7]!
  for (let i = 0; i < count * stride; i++) {
    if (words[place(8) + i] === 0) continue
    const j = i % stride
    const wanted = unbent(heap[place(2) + i]!, heap[place(4) + j]!, heap[place(5) + j]!, heap[place(6) + j]!)
    heap[place(9) + i] = pmin(clip, pmax(-clip, wanted))
  }
}
