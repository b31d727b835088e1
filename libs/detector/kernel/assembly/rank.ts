// How a member with ranks sees the values of a row: each column by a table of its own, which says what a value is seen as.

/**
 * Of each column `knots` places at `at`, ascending, and what is seen there at `seen`: straight between places, beyond the
 * first and the last as there. A missing value (`masks`, 0: nothing is missing) is seen as 0, and so is what pads a row.
 */
export function rank(
  z: usize, stride: usize, rows: i32, columns: i32, knots: i32, at: usize, seen: usize, masks: usize, out: usize
): void {
  const tableBytes = <usize>knots << 2
  for (let row = 0; row < rows; row++) {
    let places = at
    let values = seen
    for (let column: usize = 0; column < stride; column += 4) {
      let value: f32 = 0
      if (column < <usize>columns << 2) {
        if (!masks || !load<i32>(masks + column)) value = seenAs(load<f32>(z + column), knots, places, values)
        places += tableBytes
        values += tableBytes
      }
      store<f32>(out + column, value)
    }
    z += stride
    out += stride
    if (masks) masks += stride
  }
}

function seenAs(x: f32, knots: i32, places: usize, values: usize): f32 {
  if (x < load<f32>(places)) return load<f32>(values)
  let low = 0
  let high = knots
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (load<f32>(places + (<usize>middle << 2)) <= x) low = middle
    else high = middle
  }
  const from = load<f32>(values + (<usize>low << 2))
  if (high == knots) return from
  const start = load<f32>(places + (<usize>low << 2))
  const share = (x - start) / (load<f32>(places + (<usize>high << 2)) - start)
  return from + share * (load<f32>(values + (<usize>high << 2)) - from)
}
