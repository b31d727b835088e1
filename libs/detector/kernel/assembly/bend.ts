// Columns that are bent: near its centre a value counts as it is, far from it by its logarithm, so that long tails do not
// drown the rest. And the way back, for values that were filled in where they are bent.
// The twin (twin-bend.ts) does the same operations in the same order and must give the same bits.

import { logarithm } from './logarithm'
import { exponential } from './shares'

/** So far from the centre, in widths, everything is alike: the square of more is no number of 32 bits. */
const FARTHEST: f32 = 1e18
/** ln of twice that is 42. */
const BENT_MOST: f32 = 50

/** out = scale · asinh((z − center) · inverse), 0 where a value is missing (`masks`, 0: nothing is missing). */
export function bend(
  z: usize, rows: i32, vectors: i32, center: usize, inverse: usize, scale: usize, masks: usize, out: usize
): void {
  const farthest = f32x4.splat(FARTHEST)
  const one = f32x4.splat(1)
  const sign = i32x4.splat(0x80000000)
  const bytes = <usize>vectors << 4
  for (let row = 0; row < rows; row++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const x = f32x4.mul(f32x4.sub(v128.load(z + at), v128.load(center + at)), v128.load(inverse + at))
      const size = f32x4.pmin(farthest, f32x4.abs(x))
      const grown = f32x4.add(size, f32x4.sqrt(f32x4.add(f32x4.mul(size, size), one)))
      let bent = v128.or(f32x4.mul(logarithm(grown), v128.load(scale + at)), v128.and(x, sign))
      if (masks) bent = v128.andnot(bent, v128.load(masks + at))
      v128.store(out + at, bent)
    }
    z += bytes
    out += bytes
    if (masks) masks += bytes
  }
}

/** Where masked, z = clamp(center + sinh(bent / scale) / inverse, ±clip). */
export function unbend(
  bent: usize, rows: i32, vectors: i32, center: usize, inverse: usize, scale: usize, clip: f32, masks: usize, z: usize
): void {
  const bytes = <usize>vectors << 4
  for (let row = 0; row < rows; row++) {
    for (let at: usize = 0; at < bytes; at += 4) {
      if (load<i32>(masks + at) == 0) continue
      const value = load<f32>(bent + at) / load<f32>(scale + at)
      const size: f32 = abs<f32>(value)
      const power = exponential(size < BENT_MOST ? size : BENT_MOST)
      const far: f32 = (power - <f32>1 / power) * <f32>0.5 / load<f32>(inverse + at)
      const wanted: f32 = value < 0 ? load<f32>(center + at) - far : load<f32>(center + at) + far
      const least: f32 = wanted > -clip ? wanted : -clip
      store<f32>(z + at, least < clip ? least : clip)
    }
    bent += bytes
    z += bytes
    masks += bytes
  }
}
