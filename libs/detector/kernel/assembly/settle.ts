// Missing values that settle: each is set to what all others of its row say of it, in turn, some times over (Gauss-Seidel).
// Where what they say is the linear rule of an inverse covariance, this comes to the row that is nearest to normal.

import { across } from './rows'

/** In the masked lanes of each row v_j = offset_j + given_j · v. Row j of `given` has the stride of v and 0 in column j. */
export function settle(
  v: usize, masks: usize, given: usize, offsets: usize, sweeps: i32, rows: i32, vectors: i32
): void {
  const bytes = <usize>vectors << 4
  for (let row = 0; row < rows; row++) {
    for (let sweep = 0; sweep < sweeps; sweep++) {
      let others = given
      for (let at: usize = 0; at < bytes; at += 4, others += bytes) {
        if (load<i32>(masks + at) == 0) continue
        let sum = f32x4.splat(0)
        for (let k: usize = 0; k < bytes; k += 16) {
          sum = f32x4.add(sum, f32x4.mul(v128.load(v + k), v128.load(others + k)))
        }
        store<f32>(v + at, load<f32>(offsets + at) + across(sum))
      }
    }
    v += bytes
    masks += bytes
  }
}
