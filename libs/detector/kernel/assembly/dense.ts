// The matrix product under everything: rows of activations times packed weights, bias and activation fused.
// Weights are packed in blocks of 8 columns, [block][k][8], the last block padded with zeros. A triangular product is cut
// off per block: of a lower-triangular matrix, columns [8b, 8b + 8) need only the first 8b + 8 values of a row.
// Invariant: an output element is bias + Σ_k a_k·w_k, added in the order of k with mul then add, whichever tile computes
// it. So a row's result does not depend on how many rows are in the batch.

import { bend, curve } from './activation'

/** c[rows][8·blocks] = activation(a[rows][k] · packed + bias); strides in bytes; c has room for a multiple of 4 rows. */
export function dense(
  a: usize, aStride: usize, rows: i32, k: i32, triangular: i32, packed: usize, bias: usize, c: usize, cStride: usize,
  blocks: i32, slope: f32, kind: i32
): void {
  const slopes = f32x4.splat(slope)
  let row = 0
  while (rows - row > 1) {
    tiles4(a + <usize>row * aStride, aStride, k, triangular, packed, bias, c + <usize>row * cStride, cStride, blocks, slopes)
    row += 4
  }
  if (row < rows) tiles1(a + <usize>row * aStride, k, triangular, packed, bias, c + <usize>row * cStride, blocks, slopes)
  for (row = 0; kind != 0 && row < rows; row++) curve(kind, c + <usize>row * cStride, <usize>blocks << 5)
}

/** 4 rows × 8 columns at a time. */
function tiles4(
  a: usize, stride: usize, k: i32, triangular: i32, packed: usize, bias: usize, c: usize, cStride: usize, blocks: i32,
  slope: v128
): void {
  const stride2 = stride << 1
  const stride3 = stride2 + stride
  const blockBytes = <usize>k << 5
  for (let block = 0; block < blocks; block++) {
    const left = v128.load(bias)
    const right = v128.load(bias, 16)
    let s00 = left, s01 = right, s10 = left, s11 = right, s20 = left, s21 = right, s30 = left, s31 = right
    const depth = triangular ? min(k, (block + 1) << 3) : k
    let w = packed
    let x = a
    // Not unrolled: two steps a turn need more registers than there are, and measured a third slower.
    const end = w + (<usize>depth << 5)
    while (w < end) {
      const w0 = v128.load(w)
      const w1 = v128.load(w, 16)
      const x0 = v128.load_splat<f32>(x)
      s00 = f32x4.add(s00, f32x4.mul(x0, w0))
      s01 = f32x4.add(s01, f32x4.mul(x0, w1))
      const x1 = v128.load_splat<f32>(x + stride)
      s10 = f32x4.add(s10, f32x4.mul(x1, w0))
      s11 = f32x4.add(s11, f32x4.mul(x1, w1))
      const x2 = v128.load_splat<f32>(x + stride2)
      s20 = f32x4.add(s20, f32x4.mul(x2, w0))
      s21 = f32x4.add(s21, f32x4.mul(x2, w1))
      const x3 = v128.load_splat<f32>(x + stride3)
      s30 = f32x4.add(s30, f32x4.mul(x3, w0))
      s31 = f32x4.add(s31, f32x4.mul(x3, w1))
      x += 4
      w += 32
    }
    let out = c
    v128.store(out, bend(slope, s00))
    v128.store(out, bend(slope, s01), 16)
    out += cStride
    v128.store(out, bend(slope, s10))
    v128.store(out, bend(slope, s11), 16)
    out += cStride
    v128.store(out, bend(slope, s20))
    v128.store(out, bend(slope, s21), 16)
    out += cStride
    v128.store(out, bend(slope, s30))
    v128.store(out, bend(slope, s31), 16)
    packed += blockBytes
    bias += 32
    c += 32
  }
}

/** One row: 32 columns at a time where there are, since the chain of additions of one narrow tile waits for itself. */
function tiles1(
  a: usize, k: i32, triangular: i32, packed: usize, bias: usize, c: usize, blocks: i32, slope: v128
): void {
  const blockBytes = <usize>k << 5
  let block = 0
  for (; block + 4 <= blocks; block += 4) {
    let s0 = v128.load(bias), s1 = v128.load(bias, 16), s2 = v128.load(bias, 32), s3 = v128.load(bias, 48)
    let s4 = v128.load(bias, 64), s5 = v128.load(bias, 80), s6 = v128.load(bias, 96), s7 = v128.load(bias, 112)
    let w = packed
    let x = a
    // Beyond its triangle a block's weights are zeros, which change no bit of a sum.
    const depth = triangular ? min(k, (block + 4) << 3) : k
    const second = blockBytes, third = blockBytes << 1, fourth = third + blockBytes
    for (const end = a + (<usize>depth << 2); x < end; x += 4, w += 32) {
      const x0 = v128.load_splat<f32>(x)
      s0 = f32x4.add(s0, f32x4.mul(x0, v128.load(w)))
      s1 = f32x4.add(s1, f32x4.mul(x0, v128.load(w, 16)))
      s2 = f32x4.add(s2, f32x4.mul(x0, v128.load(w + second)))
      s3 = f32x4.add(s3, f32x4.mul(x0, v128.load(w + second, 16)))
      s4 = f32x4.add(s4, f32x4.mul(x0, v128.load(w + third)))
      s5 = f32x4.add(s5, f32x4.mul(x0, v128.load(w + third, 16)))
      s6 = f32x4.add(s6, f32x4.mul(x0, v128.load(w + fourth)))
      s7 = f32x4.add(s7, f32x4.mul(x0, v128.load(w + fourth, 16)))
    }
    v128.store(c, bend(slope, s0))
    v128.store(c, bend(slope, s1), 16)
    v128.store(c, bend(slope, s2), 32)
    v128.store(c, bend(slope, s3), 48)
    v128.store(c, bend(slope, s4), 64)
    v128.store(c, bend(slope, s5), 80)
    v128.store(c, bend(slope, s6), 96)
    v128.store(c, bend(slope, s7), 112)
    packed += blockBytes << 2
    bias += 128
    c += 128
  }
  for (; block + 2 <= blocks; block += 2) {
    let s0 = v128.load(bias), s1 = v128.load(bias, 16), s2 = v128.load(bias, 32), s3 = v128.load(bias, 48)
    const depth = triangular ? min(k, (block + 2) << 3) : k
    let w = packed
    let x = a
    const end = w + (<usize>depth << 5)
    while (w < end) {
      const x0 = v128.load_splat<f32>(x)
      s0 = f32x4.add(s0, f32x4.mul(x0, v128.load(w)))
      s1 = f32x4.add(s1, f32x4.mul(x0, v128.load(w, 16)))
      s2 = f32x4.add(s2, f32x4.mul(x0, v128.load(w + blockBytes)))
      s3 = f32x4.add(s3, f32x4.mul(x0, v128.load(w + blockBytes, 16)))
      x += 4
      w += 32
    }
    v128.store(c, bend(slope, s0))
    v128.store(c, bend(slope, s1), 16)
    v128.store(c, bend(slope, s2), 32)
    v128.store(c, bend(slope, s3), 48)
    packed += blockBytes << 1
    bias += 64
    c += 64
  }
  for (; block < blocks; block++) {
    let s0 = v128.load(bias), s1 = v128.load(bias, 16)
    let w = packed
    let x = a
    const depth = triangular ? min(k, (block + 1) << 3) : k
    for (const end = a + (<usize>depth << 2); x < end; x += 4, w += 32) {
      const x0 = v128.load_splat<f32>(x)
      s0 = f32x4.add(s0, f32x4.mul(x0, v128.load(w)))
      s1 = f32x4.add(s1, f32x4.mul(x0, v128.load(w, 16)))
    }
    v128.store(c, bend(slope, s0))
    v128.store(c, bend(slope, s1), 16)
    packed += blockBytes
    bias += 32
    c += 32
  }
}
