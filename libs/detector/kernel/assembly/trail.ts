// Means over the last steps of a window, at several lengths: what a slow drift and a single spike both show in, in a tenth
// of the columns. A row of the result is one block of channels for each length, padded to whole vectors.

/**
 * Windows of `steps` × `channels` at z, `zStride` bytes apart, into rows of `spans` blocks: clamp((mean − center)·inverse).
 * `spans` holds ascending lengths of at most `steps`. Without masks (0) nothing is missing; with them, of a mean over nothing
 * the mask in `outMasks` is set and the value 0, and counts[row] says how many there are.
 */
export function trail(
  z: usize, zStride: usize, rows: i32, steps: i32, channels: i32, spans: usize, spanCount: i32, center: usize,
  inverse: usize, clip: f32, masks: usize, out: usize, outMasks: usize, counts: usize
): void {
  const high = f32x4.splat(clip)
  const low = f32x4.splat(-clip)
  const stepBytes = <usize>channels << 2
  const blockBytes = <usize>((channels + 3) >> 2) << 4
  const outStride = blockBytes * <usize>spanCount
  for (let row = 0; row < rows; row++) {
    let missing = i32x4.splat(0)
    for (let block: usize = 0; block < blockBytes; block += 16) {
      let sum = f32x4.splat(0)
      let seen = f32x4.splat(0)
      let at = <usize>steps * stepBytes + block
      let done = 0
      for (let span = 0; span < spanCount; span++) {
        for (const wanted = load<i32>(spans + (<usize>span << 2)); done < wanted; done++) {
          at -= stepBytes
          if (masks) {
            const lost = v128.load(masks + at)
            sum = f32x4.add(sum, v128.andnot(v128.load(z + at), lost))
            seen = f32x4.add(seen, v128.andnot(f32x4.splat(1), lost))
          } else {
            sum = f32x4.add(sum, v128.load(z + at))
          }
        }
        const to = <usize>span * blockBytes + block
        const factor = v128.load(inverse + to)
        const mean = f32x4.div(sum, masks ? seen : f32x4.splat(<f32>done))
        const value = f32x4.pmax(low, f32x4.pmin(high, f32x4.mul(f32x4.sub(mean, v128.load(center + to)), factor)))
        if (masks) {
          const used = f32x4.ne(factor, f32x4.splat(0))
          const lost = v128.and(f32x4.eq(seen, f32x4.splat(0)), used)
          v128.store(outMasks + to, lost)
          v128.store(out + to, v128.andnot(v128.and(value, used), lost))
          missing = i32x4.sub(missing, lost)
        } else {
          v128.store(out + to, v128.and(value, f32x4.ne(factor, f32x4.splat(0))))
        }
      }
    }
    if (masks) {
      const found = i32x4.extract_lane(missing, 0) + i32x4.extract_lane(missing, 1) +
        i32x4.extract_lane(missing, 2) + i32x4.extract_lane(missing, 3)
      store<i32>(counts + (<usize>row << 2), found)
      masks += zStride
      outMasks += outStride
    }
    z += zStride
    out += outStride
  }
}
