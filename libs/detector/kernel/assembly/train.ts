// Training of dense layers: loss, backward products and Adam, on the buffers and packed weights of the forward kernel.
// Weights stay packed ([block of 8 columns][k][8]) while they are trained. Padded columns have a gradient of zero, because
// the loss gives them none, so their weights and biases stay zero.

import { SIGMOID, TANH } from './activation'

/**
 * gradient = 2 (ŷ − t) / (rows · width) in the columns, 0 in the padding and where t is NaN (not observed); Σ (ŷ − t)² in
 * float64 into `sum`.
 */
export function loss(
  y: usize, target: usize, valid: usize, gradient: usize, rows: i32, vectors: i32, width: i32, sum: usize
): void {
  const factor = f32x4.splat(<f32>(2.0 / (<f64>rows * <f64>width)))
  const bytes = <usize>vectors << 4
  let total: f64 = 0
  for (let row = 0; row < rows; row++) {
    let squares = f32x4.splat(0)
    for (let at: usize = 0; at < bytes; at += 16) {
      const wanted = v128.load(target + at)
      const counts = v128.and(v128.load(valid + at), f32x4.eq(wanted, wanted))
      const error = v128.and(f32x4.sub(v128.load(y + at), wanted), counts)
      squares = f32x4.add(squares, f32x4.mul(error, error))
      v128.store(gradient + at, f32x4.mul(error, factor))
    }
    total += <f64>f32x4.extract_lane(squares, 0) + <f64>f32x4.extract_lane(squares, 1) +
      <f64>f32x4.extract_lane(squares, 2) + <f64>f32x4.extract_lane(squares, 3)
    y += bytes
    target += bytes
    gradient += bytes
  }
  store<f64>(sum, total)
}

/** gradient *= derivative of the activation, told from its output y: of the bend by `slope`, then of the curve `kind`. */
export function derive(gradient: usize, y: usize, rows: i32, vectors: i32, slope: f32, kind: i32): void {
  const one = f32x4.splat(1)
  const zero = f32x4.splat(0)
  const below = f32x4.splat(slope)
  const end = gradient + (<usize>(rows * vectors) << 4)
  for (; gradient < end; gradient += 16, y += 16) {
    const output = v128.load(y)
    let factor: v128
    if (kind == TANH) factor = f32x4.sub(one, f32x4.mul(output, output))
    else if (kind == SIGMOID) factor = f32x4.mul(output, f32x4.sub(one, output))
    else factor = v128.bitselect(one, below, f32x4.gt(output, zero))
    v128.store(gradient, f32x4.mul(v128.load(gradient), factor))
  }
}

/** weights (packed) = Σ_rows x[row][k] · g[row][o]; bias = Σ_rows g[row][o]. x has room for 3 values after its last row. */
export function backward(
  x: usize, xStride: usize, k: i32, g: usize, gStride: usize, blocks: i32, rows: i32, weights: usize, bias: usize
): void {
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < k; i += 4) tile(x + (<usize>i << 2), xStride, min(4, k - i), g, gStride, rows, weights + (<usize>i << 5))
    let left = f32x4.splat(0), right = f32x4.splat(0)
    let at = g
    for (let row = 0; row < rows; row++) {
      left = f32x4.add(left, v128.load(at))
      right = f32x4.add(right, v128.load(at, 16))
      at += gStride
    }
    v128.store(bias, left)
    v128.store(bias, right, 16)
    g += 32
    weights += <usize>k << 5
    bias += 32
  }
}

/** 4 inputs × 8 outputs over all rows; stores the first `count` inputs. */
function tile(x: usize, xStride: usize, count: i32, g: usize, gStride: usize, rows: i32, out: usize): void {
  const zero = f32x4.splat(0)
  let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero
  for (let row = 0; row < rows; row++) {
    const g0 = v128.load(g)
    const g1 = v128.load(g, 16)
    const x0 = v128.load_splat<f32>(x)
    s00 = f32x4.add(s00, f32x4.mul(x0, g0))
    s01 = f32x4.add(s01, f32x4.mul(x0, g1))
    const x1 = v128.load_splat<f32>(x, 4)
    s10 = f32x4.add(s10, f32x4.mul(x1, g0))
    s11 = f32x4.add(s11, f32x4.mul(x1, g1))
    const x2 = v128.load_splat<f32>(x, 8)
    s20 = f32x4.add(s20, f32x4.mul(x2, g0))
    s21 = f32x4.add(s21, f32x4.mul(x2, g1))
    const x3 = v128.load_splat<f32>(x, 12)
    s30 = f32x4.add(s30, f32x4.mul(x3, g0))
    s31 = f32x4.add(s31, f32x4.mul(x3, g1))
    x += xStride
    g += gStride
  }
  v128.store(out, s00)
  v128.store(out, s01, 16)
  if (count > 1) {
    v128.store(out, s10, 32)
    v128.store(out, s11, 48)
  }
  if (count > 2) {
    v128.store(out, s20, 64)
    v128.store(out, s21, 80)
  }
  if (count > 3) {
    v128.store(out, s30, 96)
    v128.store(out, s31, 112)
  }
}

/** Packs the transpose of packed weights [inputs → outputs], for the product that carries gradients back. */
export function transpose(weights: usize, inputs: i32, outputs: i32, target: usize): void {
  for (let i = 0; i < inputs; i++) {
    const column = target + (<usize>((i >> 3) * outputs) << 5) + (<usize>(i & 7) << 2)
    for (let o = 0; o < outputs; o++) {
      const value = load<f32>(weights + (<usize>((o >> 3) * inputs + i) << 5) + (<usize>(o & 7) << 2))
      store<f32>(column + (<usize>o << 5), value)
    }
  }
}

/**
 * Adam (Kingma and Ba 2015) over `bytes` of parameters: rate = learning rate / (1 − β₁ᵗ), spread = 1 / (1 − β₂ᵗ), both from
 * the caller in float64; decay · parameter is added to the gradient.
 */
export function adam(w: usize, g: usize, m: usize, v: usize, bytes: usize, rate: f32, spread: f32, decay: f32): void {
  const b1 = f32x4.splat(0.9), c1 = f32x4.splat(<f32>0.1)
  const b2 = f32x4.splat(<f32>0.999), c2 = f32x4.splat(<f32>0.001)
  const rates = f32x4.splat(rate), spreads = f32x4.splat(spread), decays = f32x4.splat(decay)
  const epsilon = f32x4.splat(<f32>1e-8)
  for (let at: usize = 0; at < bytes; at += 16) {
    const parameter = v128.load(w + at)
    const slope = f32x4.add(v128.load(g + at), f32x4.mul(decays, parameter))
    const mean = f32x4.add(f32x4.mul(b1, v128.load(m + at)), f32x4.mul(c1, slope))
    const square = f32x4.add(f32x4.mul(b2, v128.load(v + at)), f32x4.mul(c2, f32x4.mul(slope, slope)))
    v128.store(m + at, mean)
    v128.store(v + at, square)
    const step = f32x4.div(f32x4.mul(rates, mean), f32x4.add(f32x4.sqrt(f32x4.mul(square, spreads)), epsilon))
    v128.store(w + at, f32x4.sub(parameter, step))
  }
}
