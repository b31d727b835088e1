// Column: the values that there are of one column of rows.

export function columnOf(rows: Float32Array, count: number, width: number, j: number): Float32Array {
  const column = new Float32Array(count)
  let found = 0
  for (let i = 0; i < count; i++) {
    const value = rows[i * width + j]!
    if (!Number.isNaN(value)) column[found++] = value
  }
  return column.subarray(0, found)
}
