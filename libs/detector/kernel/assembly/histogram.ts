// How rare each value of a row is among normal ones, column by column: a table of −ln density over equal bins.

import { logarithm } from './logarithm'

/** Of what a logarithm is taken. */
const LEAST: f32 = 1e-30
const MOST: f32 = 3e38

/**
 * scores[row] = max(floor, s − base), s = Σ over columns of its table, with a rate above 0 rate · ln of that; summed in four lanes as rows.ts does. A column's table has
 * bins + 3 entries: below the bins, the bins, above them, and for a missing value. There are tables for whole vectors of
 * columns. `masks` = 0: nothing is missing.
 */
export function histogram(
  z: usize, stride: usize, rows: i32, columns: i32, low: usize, inverse: usize, table: usize, bins: i32, rate: f32,
  base: f32, floor: f32, masks: usize, scores: usize
): void {
  const one = f32x4.splat(1)
  const zero = f32x4.splat(0)
  const above = f32x4.splat(<f32>(bins + 1))
  const lost = i32x4.splat(bins + 2)
  const tableBytes = <usize>(bins + 3) << 2
  const bytes = <usize>((columns + 3) >> 2) << 4
  for (let row = 0; row < rows; row++) {
    let sums = f32x4.splat(0)
    let entries = table
    for (let column: usize = 0; column < bytes; column += 16) {
      const apart = f32x4.sub(v128.load(z + column), v128.load(low + column))
      const place = f32x4.add(f32x4.mul(apart, v128.load(inverse + column)), one)
      let entry = i32x4.trunc_sat_f32x4_s(f32x4.min(f32x4.max(place, zero), above))
      if (masks) entry = v128.bitselect(lost, entry, v128.load(masks + column))
      const second = entries + tableBytes
      const third = second + tableBytes
      const fourth = third + tableBytes
      let values = f32x4.splat(load<f32>(entries + (<usize>i32x4.extract_lane(entry, 0) << 2)))
      values = f32x4.replace_lane(values, 1, load<f32>(second + (<usize>i32x4.extract_lane(entry, 1) << 2)))
      values = f32x4.replace_lane(values, 2, load<f32>(third + (<usize>i32x4.extract_lane(entry, 2) << 2)))
      values = f32x4.replace_lane(values, 3, load<f32>(fourth + (<usize>i32x4.extract_lane(entry, 3) << 2)))
      sums = f32x4.add(sums, values)
      entries = fourth + tableBytes
    }
    let sum = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + f32x4.extract_lane(sums, 2) +
      f32x4.extract_lane(sums, 3)
    if (rate > 0) {
      const some: f32 = sum > LEAST ? sum : LEAST
      sum = rate * f32x4.extract_lane(logarithm(f32x4.splat(some < MOST ? some : MOST)), 0)
    }
    store<f32>(scores + (<usize>row << 2), max<f32>(sum - base, floor))
    z += stride
    if (masks) masks += stride
  }
}
