// Blend: noisy cells and their reconstruction together, each as much as it is sure. A cell's noise of variance n² and the
// error of its reconstruction, of variance s², are taken to be independent: then cell and reconstruction differ by n² + s² in
// the mean square, which can be seen, and the best blend takes n² / (n² + s²) of the reconstruction. Pure.
// Source: shrinkage with an estimated weight, as James and Stein (1961).

/** `noise`: its standard deviation in each column. A missing cell (NaN) is its reconstruction. */
export function blended(cells: Float32Array, reconstructed: Float32Array, noise: Float32Array): Float32Array {
  const width = noise.length
  const squares = new Float64Array(width)
  const counts = new Float64Array(width)
  for (let i = 0; i < cells.length; i++) {
    const apart = cells[i]! - reconstructed[i]!
    if (Number.isNaN(apart)) continue
    squares[i % width]! += apart * apart
    counts[i % width]!++
  }
  const shares = noise.map((deviation, j) => {
    const expected = deviation * deviation * counts[j]!
    return squares[j]! > expected ? expected / squares[j]! : 1
  })
  return cells.map((value, i) => {
    const restored = reconstructed[i]!
    return Number.isNaN(value) ? restored : value + shares[i % width]! * (restored - value)
  })
}
