// What happens to rows before and after the matrix products. Buffers have a stride of whole vectors; `vectors` is that
// stride in units of 4 lanes. A mask lane is all ones where a value is missing (or masked), all zeros elsewhere.

/**
 * Rows of a stride of `width` values into padded rows: z = clamp((x − mean)·inverse, ±clip), 0 where x is missing (NaN).
 * `valid` is all ones in the lanes of columns, zeros in the padding. counts[row] = missing values; answers their sum.
 */
export function scale(
  x: usize, width: i32, rows: i32, z: usize, vectors: i32, mean: usize, inverse: usize, valid: usize, clip: f32,
  counts: usize, masks: usize
): i32 {
  const high = f32x4.splat(clip)
  const low = f32x4.splat(-clip)
  const step = <usize>width << 2
  const stride = <usize>vectors << 4
  let any = i32x4.splat(0)
  for (let at: usize = 0; at < stride; at += 16) {
    const center = v128.load(mean + at)
    const factor = v128.load(inverse + at)
    let lost = i32x4.splat(0)
    let from = x + at
    for (let to = z + at, end = to + <usize>rows * stride; to < end; to += stride, from += step) {
      const value = v128.load(from)
      const nan = f32x4.ne(value, value)
      const scaled = f32x4.mul(f32x4.sub(value, center), factor)
      v128.store(to, v128.andnot(f32x4.pmax(low, f32x4.pmin(high, scaled)), nan))
      lost = v128.or(lost, nan)
    }
    any = v128.or(any, v128.and(lost, v128.load(valid + at)))
  }
  if (masks == 0 && !v128.any_true(any)) {
    for (let row = 0; row < rows; row++) store<i32>(counts + (<usize>row << 2), 0)
    return 0
  }
  return count(x, step, rows, stride, valid, counts, masks)
}

/** Counts missing values by row, and marks them in `masks` (0: nowhere). */
function count(x: usize, step: usize, rows: i32, stride: usize, valid: usize, counts: usize, masks: usize): i32 {
  let total = 0
  for (let row = 0; row < rows; row++) {
    let missing = i32x4.splat(0)
    for (let at: usize = 0; at < stride; at += 16) {
      const value = v128.load(x + at)
      const lost = v128.and(f32x4.ne(value, value), v128.load(valid + at))
      missing = i32x4.sub(missing, lost)
      if (masks) v128.store(masks + at, lost)
    }
    const found = i32x4.extract_lane(missing, 0) + i32x4.extract_lane(missing, 1) +
      i32x4.extract_lane(missing, 2) + i32x4.extract_lane(missing, 3)
    store<i32>(counts + (<usize>row << 2), found)
    total += found
    x += step
    if (masks) masks += stride
  }
  return total
}

/** target = source. */
export function copy(source: usize, target: usize, rows: i32, vectors: i32): void {
  memory.copy(target, source, <usize>(rows * vectors) << 4)
}

/** z = ẑ where masked. */
export function fill(z: usize, reconstructed: usize, masks: usize, rows: i32, vectors: i32): void {
  for (let at: usize = 0, end = <usize>(rows * vectors) << 4; at < end; at += 16) {
    v128.store(z + at, v128.bitselect(v128.load(reconstructed + at), v128.load(z + at), v128.load(masks + at)))
  }
}

/** r = z − ẑ − mean; 0 where masked (masks = 0: nothing is). */
export function residual(z: usize, reconstructed: usize, mean: usize, masks: usize, r: usize, rows: i32, vectors: i32): void {
  const bytes = <usize>vectors << 4
  for (let row = 0; row < rows; row++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      let value = f32x4.sub(f32x4.sub(v128.load(z + at), v128.load(reconstructed + at)), v128.load(mean + at))
      if (masks) value = v128.andnot(value, v128.load(masks + at))
      v128.store(r + at, value)
    }
    z += bytes
    reconstructed += bytes
    r += bytes
    if (masks) masks += bytes
  }
}

/** scores[row] = Σ y², lanes first, then across lanes in order. */
export function squares(y: usize, rows: i32, vectors: i32, scores: usize): void {
  for (let row = 0; row < rows; row++) {
    let sum = f32x4.splat(0)
    for (const end = y + (<usize>vectors << 4); y < end; y += 16) {
      const value = v128.load(y)
      sum = f32x4.add(sum, f32x4.mul(value, value))
    }
    store<f32>(scores + (<usize>row << 2), across(sum))
  }
}

/** scores[row] = Σ w·r², times width / (width − missing values of the row) so that it is a mean over what was observed. */
export function weighted(
  r: usize, w: usize, width: i32, counts: usize, rows: i32, vectors: i32, scores: usize
): void {
  for (let row = 0; row < rows; row++) {
    let sum = f32x4.splat(0)
    for (let at: usize = 0, end = <usize>vectors << 4; at < end; at += 16) {
      const value = v128.load(r + at)
      sum = f32x4.add(sum, f32x4.mul(f32x4.mul(value, value), v128.load(w + at)))
    }
    r += <usize>vectors << 4
    const missing = load<i32>(counts + (<usize>row << 2))
    let score = across(sum)
    if (missing > 0) score *= <f32>width / <f32>max(1, width - missing)
    store<f32>(scores + (<usize>row << 2), score)
  }
}

/** residual and weighted in one pass, for rows of which nothing is missing: scores[row] = Σ w·(z − ẑ)². */
export function error(
  z: usize, reconstructed: usize, w: usize, rows: i32, vectors: i32, scores: usize
): void {
  const bytes = <usize>vectors << 4
  for (let row = 0; row < rows; row++) {
    let sum = f32x4.splat(0)
    for (let at: usize = 0; at < bytes; at += 16) {
      const value = f32x4.sub(v128.load(z + at), v128.load(reconstructed + at))
      sum = f32x4.add(sum, f32x4.mul(f32x4.mul(value, value), v128.load(w + at)))
    }
    z += bytes
    reconstructed += bytes
    store<f32>(scores + (<usize>row << 2), across(sum))
  }
}

// @ts-ignore: decorator
@inline
export function across(sum: v128): f32 {
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3)
}
