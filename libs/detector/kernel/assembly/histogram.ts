// How rare each value of a row is among normal ones, column by column: a table of −ln density over equal bins.

/**
 * scores[row] = max(floor, Σ over columns of its table − base). A column's table has bins + 3 entries: below the bins, the
 * bins, above them, and for a missing value. `masks` = 0: nothing is missing.
 */
export function histogram(
  z: usize, stride: usize, rows: i32, columns: i32, low: usize, inverse: usize, table: usize, bins: i32, base: f32,
  floor: f32, masks: usize, scores: usize
): void {
  const last = <f32>bins
  const tableBytes = <usize>(bins + 3) << 2
  for (let row = 0; row < rows; row++) {
    let sum: f32 = 0
    let entries = table
    for (let column: usize = 0; column < <usize>columns << 2; column += 4) {
      const place = (load<f32>(z + column) - load<f32>(low + column)) * load<f32>(inverse + column)
      let entry = <i32>min<f32>(max<f32>(place + 1, 0), last + 1)
      if (masks && load<i32>(masks + column)) entry = bins + 2
      sum += load<f32>(entries + (<usize>entry << 2))
      entries += tableBytes
    }
    store<f32>(scores + (<usize>row << 2), max<f32>(sum - base, floor))
    z += stride
    if (masks) masks += stride
  }
}
