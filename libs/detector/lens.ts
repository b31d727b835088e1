// Lens: how wide what a member sees of a row is, which columns of the row that comes from, and the looking itself in plain
// TypeScript, for fits. When rows are scored the kernel looks (members-lens.ts).
// Why trailing means: a slow drift and a single spike both show in them, in a tenth of the window's columns; and a mean over
// many steps of a noisy channel hardly moves, so that by its own scale it says at once when it does.

import type { Lens } from './model.ts'

const together = 4

type Shape = Pick<Lens, 'channels' | 'spans'>

/** Columns of a block: the channels, padded. */
export function lensBlock({ channels }: Pick<Lens, 'channels'>): number {
  return Math.ceil(channels / together) * together
}

/** Blocks of what is seen: the spans, and where these are an odd number of vectors, one more of zeros. */
export function lensBlocks(lens: Shape): number {
  const { length } = lens.spans
  return (length * lensBlock(lens)) % 8 === 0 ? length : length + 1
}

export function lensWidth(lens: Shape): number {
  return lensBlocks(lens) * lensBlock(lens)
}

/** Columns that a member works on, of rows of `width`. */
export function seenWidth(
  member: { readonly kind?: string; readonly lens?: Shape | undefined },
  width: number,
): number {
  return member.lens === undefined ? width : lensWidth(member.lens)
}

/** 1, 2, 4, … up to `steps`. */
export function spansOf(steps: number): number[] {
  const spans: number[] = []
  for (let span = 1; span <= steps; span *= 2) spans.push(span)
  return spans
}

/** Of rows of `width` (NaN = missing), what the lens shows; NaN where a mean is over nothing. */
export function seenThrough(lens: Lens, rows: Float32Array, width: number): Float32Array {
  const { channels, spans, center, inverse, clip } = lens
  const block = lensBlock(lens)
  const seen = lensWidth(lens)
  const steps = width / channels
  const count = rows.length / width
  const out = new Float32Array(count * seen)
  for (let row = 0; row < count; row++)
    for (let channel = 0; channel < channels; channel++) {
      let [sum, found, done] = [0, 0, 0]
      for (const [s, span] of spans.entries()) {
        for (; done < span; done++) {
          const value = rows[row * width + (steps - 1 - done) * channels + channel]!
          if (Number.isNaN(value)) continue
          sum += value
          found++
        }
        const at = s * block + channel
        const z = (sum / found - center[at]!) * inverse[at]!
        out[row * seen + at] = inverse[at] === 0 ? 0 : Math.max(-clip, Math.min(clip, z))
      }
    }
  return out
}
