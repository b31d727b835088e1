// Activation functions on four float32 lanes, from +, −, ×, ÷, minimum and maximum alone, so that their bits are fixed.
// tanh(x) = x · P(x²) / Q(x²) on [−9, 9], beyond which float32 rounds it to ±1: a rational minimax fit of our own
// (degree 4 over 4, iteratively reweighted least squares), relative error 2e-8 before rounding, 4e-7 after.
// sigmoid(x) = ½ + ½ tanh(x / 2): absolute error 2e-7.
// pmin(a, b) is b < a ? b : a, pmax(a, b) is a < b ? b : a: one instruction each, unlike min and max, whose rules for NaN
// and −0 cost several.
// The twin (twin.ts) does the same operations in the same order and must give the same bits.

export const TANH: i32 = 1
export const SIGMOID: i32 = 2

// @ts-ignore: decorator
@inline
function tanh(value: v128): v128 {
  const x = f32x4.pmax(f32x4.splat(-9), f32x4.pmin(f32x4.splat(9), value))
  const u = f32x4.mul(x, x)
  let p = f32x4.splat(<f32>1.33547191083494e-8)
  p = f32x4.add(f32x4.mul(p, u), f32x4.splat(<f32>2.060912811430171e-5))
  p = f32x4.add(f32x4.mul(p, u), f32x4.splat(<f32>0.0034955909941345453))
  p = f32x4.add(f32x4.mul(p, u), f32x4.splat(<f32>0.13381028175354004))
  p = f32x4.add(f32x4.mul(p, u), f32x4.splat(1))
  let q = f32x4.splat(<f32>7.77658271999826e-7)
  q = f32x4.add(f32x4.mul(q, u), f32x4.splat(<f32>0.00032856393954716623))
  q = f32x4.add(f32x4.mul(q, u), f32x4.splat(<f32>0.02587699331343174))
  q = f32x4.add(f32x4.mul(q, u), f32x4.splat(<f32>0.4671434462070465))
  q = f32x4.add(f32x4.mul(q, u), f32x4.splat(1))
  const y = f32x4.div(f32x4.mul(x, p), q)
  return f32x4.pmax(f32x4.splat(-1), f32x4.pmin(f32x4.splat(1), y))
}

/** The larger of x and x·slope, 0 ≤ slope ≤ 1: linear (slope 1), ReLU (0) and leaky ReLU are one. */
// @ts-ignore: decorator
@inline
export function bend(slope: v128, x: v128): v128 {
  return f32x4.pmax(x, f32x4.mul(x, slope))
}

/**
 * Applies tanh or sigmoid in place to whole vectors of [at, at + bytes), at least one. The test comes last in the loops, since
 * V8 moves constants out of a loop only if all of it runs.
 */
export function curve(kind: i32, at: usize, bytes: usize): void {
  const end = at + bytes
  if (kind == TANH) {
    do {
      v128.store(at, tanh(v128.load(at)))
      at += 16
    } while (at < end)
  } else if (kind == SIGMOID) {
    const half = f32x4.splat(0.5)
    do {
      v128.store(at, f32x4.add(half, f32x4.mul(half, tanh(f32x4.mul(v128.load(at), half)))))
      at += 16
    } while (at < end)
  }
}
