// The twin's logarithm: assembly/logarithm.ts in plain TypeScript, to the same bits.

const f = Math.fround
const single = new Float32Array(1)
const bits = new Int32Array(single.buffer)
const rootHalf = 0x3f3504f3
/** 1 / 9, 1 / 7, … 1. */
const series = [0.1111111111111111, 0.14285714285714285, 0.2, 0.3333333333333333, 1].map(f)
const [ln2High, ln2Low] = [f(0.693359375), f(-0.00021219444005469057)]

/** Of a number that is positive, normal and finite in 32 bits. */
export function logarithm(x: number): number {
  single[0] = x
  const k = (bits[0]! - rootHalf) >> 23
  bits[0]! -= k << 23
  const m = single[0]
  const g = f(f(m - 1) / f(m + 1))
  const w = f(g * g)
  let p = series[0]!
  for (let i = 1; i < series.length; i++) p = f(f(p * w) + series[i]!)
  return f(f(k * ln2High) + f(f(f(g + g) * p) + f(k * ln2Low)))
}
