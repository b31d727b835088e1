// The twin's trailing means: assembly/trail.ts in plain TypeScript, to the same bits. Positions are in words; 0 as a
// position of masks means that nothing is missing.

const f = Math.fround

export interface Trail {
  readonly steps: number
  readonly channels: number
  readonly spans: number
  readonly spanCount: number
  readonly center: number
  readonly inverse: number
  readonly clip: number
}

/** One window at `z` into the row at `out`; answers how many of its means are over nothing. */
export function trail(
  heap: Float32Array,
  words: Int32Array,
  z: number,
  masks: number,
  out: number,
  outMasks: number,
  { steps, channels, spans, spanCount, center, inverse, clip }: Trail,
): number {
  const block = Math.ceil(channels / 4) * 4
  let missing = 0
  for (let channel = 0; channel < block; channel++) {
    let sum = 0
    let seen = 0
    for (let span = 0, done = 0; span < spanCount; span++) {
      for (const wanted = words[spans + span]!; done < wanted; done++) {
        const at = (steps - 1 - done) * channels + channel
        const lost = masks > 0 && words[masks + at] !== 0
        sum = f(sum + (lost ? 0 : heap[z + at]!))
        seen += lost ? 0 : 1
      }
      const to = span * block + channel
      const factor = heap[inverse + to]!
      const mean = f(sum / (masks > 0 ? seen : done))
      const scaled = f(f(mean - heap[center + to]!) * factor)
      const lost = masks > 0 && factor !== 0 && seen === 0
      heap[out + to] = factor === 0 || lost ? 0 : Math.max(-clip, Math.min(clip, scaled))
      if (masks > 0) words[outMasks + to] = lost ? -1 : 0
      if (lost) missing++
    }
  }
  return missing
}
