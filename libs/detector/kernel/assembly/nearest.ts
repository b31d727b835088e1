// The nearest of a set of stored rows. Squared distance = |z|² + |c|² − 2 z·c: the stored rows are packed as weights of
// −2c with |c|² as bias, so that a block of 64 distances is one dense product, whose results never leave the first-level
// cache; the few that are among the nearest are sorted in. A run of `best` is 8 values in ascending order (without |z|²),
// then the indices of their rows; it begins full of infinities.
// Invariants: equal distances keep the order in which rows are looked at, which is fixed for each row by itself, so that a row's result does
// not depend on its batch. What is not a number is never near.

import { dense } from './dense'
import { across } from './rows'

const KEPT: i32 = 8
const BLOCKS: i32 = 8

/** Into best[row]: the `neighbours` (1 to 8) nearest of the stored rows; `blocks` is a multiple of 8. */
export function nearest(
  z: usize, stride: usize, rows: i32, columns: i32, packed: usize, norms: usize, blocks: i32, scratch: usize, best: usize,
  neighbours: i32
): void {
  const blockBytes = <usize>columns << 5
  for (let row = 0; row < rows; row++) empty(best + (<usize>row << 6))
  for (let block = 0; block < blocks; block += BLOCKS) {
    dense(z, stride, rows, columns, 0, packed, norms, scratch, 256, BLOCKS, 1, 0)
    for (let row = 0; row < rows; row++) {
      select(scratch + (<usize>row << 8), block << 3, best + (<usize>row << 6), neighbours)
    }
    packed += blockBytes << 3
    norms += 256
  }
}

/**
 * The same among the cells that are nearest alone: `cells` are the runs of each row's nearest cells, of which `probes` are
 * looked at; cell i is the stored rows [64 i, 64 i + 64).
 */
export function probe(
  z: usize, stride: usize, rows: i32, columns: i32, packed: usize, norms: usize, scratch: usize, cells: usize,
  probes: i32, best: usize, neighbours: i32
): void {
  const cellBytes = <usize>columns << 8
  for (let row = 0; row < rows; row++, z += stride, cells += 64, best += 64) {
    empty(best)
    for (let i = 0; i < probes; i++) {
      const cell = load<i32>(cells + (<usize>i << 2), 32)
      dense(z, stride, 1, columns, 0, packed + <usize>cell * cellBytes, norms + (<usize>cell << 8), scratch, 256, BLOCKS, 1, 0)
      select(scratch, cell << 6, best, neighbours)
    }
  }
}

// @ts-ignore: decorator
@inline
function empty(run: usize): void {
  for (let i: usize = 0; i < 32; i += 16) {
    v128.store(run + i, f32x4.splat(f32.MAX_VALUE * 2))
    v128.store(run + i, i32x4.splat(0), 32)
  }
}

/** Sorts those of 64 values into a run that are below its last. */
function select(values: usize, index: i32, run: usize, neighbours: i32): void {
  const last = run + (<usize>(neighbours - 1) << 2)
  let limit = v128.load_splat<f32>(last)
  for (let i = 0; i < 64; i += 4, values += 16) {
    const below = f32x4.lt(v128.load(values), limit)
    if (!v128.any_true(below)) continue
    for (let lane = 0; lane < 4; lane++) {
      const value = load<f32>(values + (<usize>lane << 2))
      if (!(value < load<f32>(last))) continue
      let to = last
      for (; to > run && load<f32>(to - 4) > value; to -= 4) {
        store<f32>(to, load<f32>(to - 4))
        store<i32>(to, load<i32>(to - 4, 32), 32)
      }
      store<f32>(to, value)
      store<i32>(to, index + i + lane, 32)
    }
    limit = v128.load_splat<f32>(last)
  }
}

/** reconstructed[row] = the mean of its nearest of `stored`, rows of the same stride. */
export function recall(
  best: usize, neighbours: i32, stored: usize, reconstructed: usize, stride: usize, rows: i32
): void {
  const share = f32x4.splat(<f32>1 / <f32>neighbours)
  for (let row = 0; row < rows; row++, best += 64, reconstructed += stride) {
    for (let at: usize = 0; at < stride; at += 16) {
      let sum = f32x4.splat(0)
      for (let i = 0; i < neighbours; i++) {
        sum = f32x4.add(sum, v128.load(stored + <usize>load<i32>(best + (<usize>i << 2), 32) * stride + at))
      }
      v128.store(reconstructed + at, f32x4.mul(sum, share))
    }
  }
}

/** scores[row] = the mean distance to its nearest times the product of their factors. */
export function distance(
  z: usize, vectors: i32, best: usize, neighbours: i32, factors: usize, rows: i32, scores: usize
): void {
  for (let row = 0; row < rows; row++, best += 64) {
    let square = f32x4.splat(0)
    for (const end = z + (<usize>vectors << 4); z < end; z += 16) {
      const value = v128.load(z)
      square = f32x4.add(square, f32x4.mul(value, value))
    }
    const norm = across(square)
    let sum: f32 = 0
    let factor: f32 = <f32>1 / <f32>neighbours
    for (let i = 0; i < neighbours; i++) {
      const near = best + (<usize>i << 2)
      sum += sqrt<f32>(max<f32>(norm + load<f32>(near), 0))
      factor *= load<f32>(factors + (<usize>load<i32>(near, 32) << 2))
    }
    store<f32>(scores + (<usize>row << 2), sum * factor)
  }
}
