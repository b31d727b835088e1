// What attention over the steps of a window needs besides products with weights: normal steps, sums, and the products of a
// row's steps with each other. Steps lie side by side, `channels` values each, a multiple of 8; a head has a multiple of 4.
// e^x for x ≤ 0 is 2^n · e^r, |r| ≤ ½ ln 2, by its series to the seventh power; the twin does the same in the same order.

const EPSILON: f32 = 1e-5

/** a += b over the first `bytes` of each row; rows of b may be 0 bytes apart. */
export function add(a: usize, aRow: usize, b: usize, bRow: usize, rows: i32, bytes: usize): void {
  for (let row = 0; row < rows; row++, a += aRow, b += bRow) {
    for (let at: usize = 0; at < bytes; at += 16) v128.store(a + at, f32x4.add(v128.load(a + at), v128.load(b + at)))
  }
}

/** Each step to mean 0 and deviation 1, then times gain plus shift. */
export function normalise(
  from: usize, fromRow: usize, rows: i32, steps: i32, channels: i32, gain: usize, shift: usize, to: usize, toRow: usize
): void {
  const bytes = <usize>channels << 2
  const share = <f32>channels
  for (let row = 0; row < rows; row++) {
    for (let step = 0; step < steps; step++) {
      const x = from + <usize>row * fromRow + <usize>step * bytes
      const y = to + <usize>row * toRow + <usize>step * bytes
      let sum = f32x4.splat(0)
      for (let at: usize = 0; at < bytes; at += 16) sum = f32x4.add(sum, v128.load(x + at))
      const mean = f32x4.splat(across(sum) / share)
      let squares = f32x4.splat(0)
      for (let at: usize = 0; at < bytes; at += 16) {
        const value = f32x4.sub(v128.load(x + at), mean)
        squares = f32x4.add(squares, f32x4.mul(value, value))
      }
      const factor = f32x4.splat(<f32>1 / sqrt<f32>(across(squares) / share + EPSILON))
      for (let at: usize = 0; at < bytes; at += 16) {
        const value = f32x4.mul(f32x4.sub(v128.load(x + at), mean), factor)
        v128.store(y + at, f32x4.add(f32x4.mul(value, v128.load(gain + at)), v128.load(shift + at)))
      }
    }
  }
}

/**
 * Of each row and head, step t = Σ softmax over s of (q_t · k_s · scale) · v_s. A step of `from` is its queries, keys and
 * values, `channels` each. `weights` has room for the steps and 3 more.
 */
export function attend(
  from: usize, fromRow: usize, rows: i32, steps: i32, channels: i32, heads: i32, scale: f32, weights: usize, to: usize,
  toRow: usize
): void {
  const bytes = <usize>channels << 2
  const width = bytes / <usize>heads
  const step = bytes * 3
  for (let row = 0; row < rows; row++, from += fromRow, to += toRow) {
    for (let head = 0; head < heads; head++) {
      const queries = from + <usize>head * width
      for (let t = 0; t < steps; t++) {
        const sum = weigh(queries + <usize>t * step, queries + bytes, step, steps, width, scale, weights)
        mix(queries + (bytes << 1), step, steps, width, weights, sum, to + <usize>t * bytes + <usize>head * width)
      }
    }
  }
}

/** weights[s] = e^(q · k_s · scale − the greatest of them); answers their sum. */
function weigh(query: usize, keys: usize, step: usize, steps: i32, width: usize, scale: f32, weights: usize): f32 {
  let greatest: f32 = -f32.MAX_VALUE
  for (let s = 0; s < steps; s++, keys += step) {
    let sum = f32x4.splat(0)
    for (let at: usize = 0; at < width; at += 16) {
      sum = f32x4.add(sum, f32x4.mul(v128.load(query + at), v128.load(keys + at)))
    }
    const score = across(sum) * scale
    store<f32>(weights + (<usize>s << 2), score)
    if (score > greatest) greatest = score
  }
  const top = f32x4.splat(greatest)
  for (let at: usize = 0, end = <usize>steps << 2; at < end; at += 16) {
    v128.store(weights + at, exp(f32x4.sub(v128.load(weights + at), top)))
  }
  let sum: f32 = 0
  for (let s = 0; s < steps; s++) sum += load<f32>(weights + (<usize>s << 2))
  return sum
}

function mix(values: usize, step: usize, steps: i32, width: usize, weights: usize, sum: f32, to: usize): void {
  const whole = f32x4.splat(sum)
  for (let at: usize = 0; at < width; at += 16) {
    let mixed = f32x4.splat(0)
    let value = values + at
    for (let s = 0; s < steps; s++, value += step) {
      mixed = f32x4.add(mixed, f32x4.mul(v128.load_splat<f32>(weights + (<usize>s << 2)), v128.load(value)))
    }
    v128.store(to + at, f32x4.div(mixed, whole))
  }
}

/** For x ≤ 0. */
function exp(value: v128): v128 {
  const x = f32x4.pmax(f32x4.splat(-87), value)
  const n = f32x4.floor(f32x4.add(f32x4.mul(x, f32x4.splat(1.4426950408889634)), f32x4.splat(0.5)))
  const high = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)))
  const r = f32x4.add(high, f32x4.mul(n, f32x4.splat(0.00021219444170128554)))
  let p = f32x4.splat(<f32>(1.0 / 5040.0))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(<f32>(1.0 / 720.0)))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(<f32>(1.0 / 120.0)))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(<f32>(1.0 / 24.0)))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(<f32>(1.0 / 6.0)))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1))
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23)
  return f32x4.mul(p, power)
}

// @ts-ignore: decorator
@inline
function across(sum: v128): f32 {
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3)
}
