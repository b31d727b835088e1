// The matrix product under everything: rows of activations times packed weights, bias and activation fused.
// Weights are packed in blocks of 8 columns, [block][k][8], the last block padded with zeros. A triangular product is cut
// off per block: of a lower-triangular matrix, columns [8b, 8b + 8) need only the first 8b + 8 values of a row.
// Invariant: an output element is bias + Σ_k a_k·w_k, added in the order of k with mul then add, whichever tile computes
// it. So a row's result does not depend on how many rows are in the batch.

import { bend, curve } from './activation'

/**
 * c[rows][8·blocks] = activation(a[rows][k] · packed + bias); strides in bytes; c has room for a multiple of 4 rows, and no
 * gaps between its rows where a curve follows.
 */
export function dense(
  a: usize, aStride: usize, rows: i32, k: i32, triangular: i32, packed: usize, bias: usize, c: usize, cStride: usize,
  blocks: i32, slope: f32, kind: i32
): void {
  const slopes = f32x4.splat(slope)
  const rest = rows & 3
  // Three rows are taken for four.
  const tiled = rest == 3 ? rows + 1 : rows - rest
  if (tiled > 0) tiles4(a, aStride, tiled, k, triangular, packed, bias, c, cStride, blocks, slopes)
  const from = a + <usize>tiled * aStride
  const to = c + <usize>tiled * cStride
  if (rest == 2) tiles2(from, aStride, k, triangular, packed, bias, to, cStride, blocks, slopes)
  else if (rest == 1) tiles1(from, k, triangular, packed, bias, to, blocks, slopes)
  if (kind != 0) curve(kind, c, <usize>rows * cStride)
}

/** 4 rows × 8 columns at a time, a multiple of 4 rows. */
function tiles4(
  a: usize, stride: usize, rows: i32, k: i32, triangular: i32, packed: usize, bias: usize, c: usize, cStride: usize,
  blocks: i32, slope: v128
): void {
  const stride2 = stride << 1
  const stride3 = stride2 + stride
  const blockBytes = <usize>k << 5
  const last = a + <usize>rows * stride
  for (let block = 0; block < blocks; block++) {
    const left = v128.load(bias)
    const right = v128.load(bias, 16)
    const depth = triangular ? min(k, (block + 1) << 3) : k
    const end = packed + (<usize>depth << 5)
    let out = c
    let from = a
    do {
      let s00 = left, s01 = right, s10 = left, s11 = right, s20 = left, s21 = right, s30 = left, s31 = right
      let x = from
      // Not unrolled: two steps a turn need more registers than there are, and measured a third slower.
      for (let w = packed; w < end; w += 32) {
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
      }
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
      out += cStride
      from += stride << 2
    } while (from < last)
    packed += blockBytes
    bias += 32
    c += 32
  }
}

/** 2 rows × 16 columns at a time: as many chains of additions as 4 × 8. */
function tiles2(
  a: usize, stride: usize, k: i32, triangular: i32, packed: usize, bias: usize, c: usize, cStride: usize, blocks: i32,
  slope: v128
): void {
  const blockBytes = <usize>k << 5
  let block = 0
  for (; block + 2 <= blocks; block += 2) {
    const b0 = v128.load(bias), b1 = v128.load(bias, 16), b2 = v128.load(bias, 32), b3 = v128.load(bias, 48)
    let s00 = b0, s01 = b1, s02 = b2, s03 = b3, s10 = b0, s11 = b1, s12 = b2, s13 = b3
    // Beyond its triangle a block's weights are zeros, which change no bit of a sum.
    const depth = triangular ? min(k, (block + 2) << 3) : k
    let w = packed
    let x = a
    for (const end = a + (<usize>depth << 2); x < end; x += 4, w += 32) {
      const x0 = v128.load_splat<f32>(x)
      const x1 = v128.load_splat<f32>(x + stride)
      const w0 = v128.load(w)
      const w1 = v128.load(w, 16)
      const w2 = v128.load(w + blockBytes)
      const w3 = v128.load(w + blockBytes, 16)
      s00 = f32x4.add(s00, f32x4.mul(x0, w0))
      s01 = f32x4.add(s01, f32x4.mul(x0, w1))
      s02 = f32x4.add(s02, f32x4.mul(x0, w2))
      s03 = f32x4.add(s03, f32x4.mul(x0, w3))
      s10 = f32x4.add(s10, f32x4.mul(x1, w0))
      s11 = f32x4.add(s11, f32x4.mul(x1, w1))
      s12 = f32x4.add(s12, f32x4.mul(x1, w2))
      s13 = f32x4.add(s13, f32x4.mul(x1, w3))
    }
    v128.store(c, bend(slope, s00))
    v128.store(c, bend(slope, s01), 16)
    v128.store(c, bend(slope, s02), 32)
    v128.store(c, bend(slope, s03), 48)
    v128.store(c + cStride, bend(slope, s10))
    v128.store(c + cStride, bend(slope, s11), 16)
    v128.store(c + cStride, bend(slope, s12), 32)
    v128.store(c + cStride, bend(slope, s13), 48)
    packed += blockBytes << 1
    bias += 64
    c += 64
  }
  if (block == blocks) return
  const depth = triangular ? min(k, (block + 1) << 3) : k
  tile1(a, depth, packed, bias, c, slope)
  tile1(a + stride, depth, packed, bias, c + cStride, slope)
}

/** One row: 16 columns at a time where there are. Of 32, V8 would keep a sum in memory, which is four times slower. */
function tiles1(
  a: usize, k: i32, triangular: i32, packed: usize, bias: usize, c: usize, blocks: i32, slope: v128
): void {
  const blockBytes = <usize>k << 5
  let block = 0
  for (; block + 2 <= blocks; block += 2) {
    let s0 = v128.load(bias), s1 = v128.load(bias, 16), s2 = v128.load(bias, 32), s3 = v128.load(bias, 48)
    const depth = triangular ? min(k, (block + 2) << 3) : k
    let w = packed
    let x = a
    for (const end = a + (<usize>depth << 2); x < end; x += 4, w += 32) {
      const x0 = v128.load_splat<f32>(x)
      s0 = f32x4.add(s0, f32x4.mul(x0, v128.load(w)))
      s1 = f32x4.add(s1, f32x4.mul(x0, v128.load(w, 16)))
      s2 = f32x4.add(s2, f32x4.mul(x0, v128.load(w + blockBytes)))
      s3 = f32x4.add(s3, f32x4.mul(x0, v128.load(w + blockBytes, 16)))
    }
    v128.store(c, bend(slope, s0))
    v128.store(c, bend(slope, s1), 16)
    v128.store(c, bend(slope, s2), 32)
    v128.store(c, bend(slope, s3), 48)
    packed += blockBytes << 1
    bias += 64
    c += 64
  }
  if (block < blocks) tile1(a, triangular ? min(k, (block + 1) << 3) : k, packed, bias, c, slope)
}

/** One row × 8 columns. */
function tile1(a: usize, depth: i32, packed: usize, bias: usize, c: usize, slope: v128): void {
  let s0 = v128.load(bias), s1 = v128.load(bias, 16)
  for (const end = a + (<usize>depth << 2); a < end; a += 4, packed += 32) {
    const x0 = v128.load_splat<f32>(a)
    s0 = f32x4.add(s0, f32x4.mul(x0, v128.load(packed)))
    s1 = f32x4.add(s1, f32x4.mul(x0, v128.load(packed, 16)))
  }
  v128.store(c, bend(slope, s0))
  v128.store(c, bend(slope, s1), 16)
}
