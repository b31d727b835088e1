// What layers over the steps of a window need besides dense products over rows: the same product over the steps of each
// row, and moving steps between buffers.

import { curve } from './activation'
import { dense } from './dense'

/**
 * Of each row, output step i = activation(bias + input steps from i on · packed): a product over `steps` steps, whose
 * beginnings lie `fromStep` bytes apart and may overlap, which is a convolution. A row of `to` has room for a multiple of
 * 4 steps.
 */
export function convolve(
  from: usize, fromRow: usize, fromStep: usize, rows: i32, steps: i32, k: i32, packed: usize, bias: usize, to: usize,
  toRow: usize, toStep: usize, blocks: i32, slope: f32
): void {
  for (let row = 0; row < rows; row++, from += fromRow, to += toRow) {
    dense(from, fromStep, steps, k, 0, packed, bias, to, toStep, blocks, slope, 0)
  }
}

/** The curve of that kind over the first `bytes` of each row, in place. */
export function bow(at: usize, row: usize, rows: i32, bytes: usize, kind: i32): void {
  for (let i = 0; i < rows; i++, at += row) curve(kind, at, bytes)
}

/** Copies `bytes` of each of `steps` steps of each row. */
export function move(
  from: usize, fromRow: usize, fromStep: usize, rows: i32, steps: i32, bytes: usize, to: usize, toRow: usize,
  toStep: usize
): void {
  for (let row = 0; row < rows; row++, from += fromRow, to += toRow) {
    let source = from
    let target = to
    for (let step = 0; step < steps; step++, source += fromStep, target += toStep) memory.copy(target, source, bytes)
  }
}
