// The divergence of a row's cloud of codes, from means and log-variances, from the standard normal.
// The twin (twin-shares.ts) does the same operations in the same order and must give the same bits.

import { exponential } from './shares'

/** scores[row] = scale · ½ Σ (e^lv + μ² − 1 − lv) over the columns, lv within ±10; at least 0. */
export function divergence(
  means: usize, logVariances: usize, rows: i32, vectors: i32, columns: i32, scale: f32, scores: usize
): void {
  const half: f32 = scale * <f32>0.5
  for (let row = 0; row < rows; row++) {
    let sum: f32 = 0
    for (let at: usize = 0, end = <usize>columns << 2; at < end; at += 4) {
      const mean = load<f32>(means + at)
      let logVariance = load<f32>(logVariances + at)
      if (!(logVariance > -10)) logVariance = -10
      if (logVariance > 10) logVariance = 10
      sum += exponential(logVariance) + mean * mean - 1 - logVariance
    }
    const score = sum * half
    store<f32>(scores + (<usize>row << 2), score < 0 ? 0 : score)
    means += <usize>vectors << 4
    logVariances += <usize>vectors << 4
  }
}
