// The natural logarithm of float32 numbers. The twin (twin-logarithm.ts) does the same operations in the same order and must
// give the same bits.

/** Of the number whose bits are these: the least mantissa, √½. */
const ROOT_HALF: i32 = 0x3f3504f3

/**
 * ln x of four numbers that are positive, normal and finite: x = 2^k · m, √½ ≤ m < √2, and ln m = 2 artanh f with
 * f = (m − 1) / (m + 1), |f| < 0.172, by its series to the ninth power; relative error 2e-7, except near 1, absolute 2e-7.
 */
// @ts-ignore: decorator
@inline
export function logarithm(x: v128): v128 {
  const exponent = i32x4.shr_s(i32x4.sub(x, i32x4.splat(ROOT_HALF)), 23)
  const m = i32x4.sub(x, i32x4.shl(exponent, 23))
  const one = f32x4.splat(1)
  const f = f32x4.div(f32x4.sub(m, one), f32x4.add(m, one))
  const w = f32x4.mul(f, f)
  let p = f32x4.splat(<f32>0.1111111111111111)
  p = f32x4.add(f32x4.mul(p, w), f32x4.splat(<f32>0.14285714285714285))
  p = f32x4.add(f32x4.mul(p, w), f32x4.splat(<f32>0.2))
  p = f32x4.add(f32x4.mul(p, w), f32x4.splat(<f32>0.3333333333333333))
  p = f32x4.add(f32x4.mul(p, w), one)
  const k = f32x4.convert_i32x4_s(exponent)
  const low = f32x4.add(f32x4.mul(f32x4.add(f, f), p), f32x4.mul(k, f32x4.splat(<f32>-0.00021219444005469057)))
  return f32x4.add(f32x4.mul(k, f32x4.splat(<f32>0.693359375)), low)
}
