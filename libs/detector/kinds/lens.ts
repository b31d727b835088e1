// The lens of a fit: each trailing mean by its own mean and deviation over the training windows. The deviation has a floor: a
// mean that hardly ever moved is not to shout at the first ripple.

import { lensBlock, lensWidth, seenThrough, spansOf } from '../lens.ts'
import type { Lens } from '../model.ts'
import { filled, type TrainingRows } from './kind.ts'

/** In scaled units. */
const deviationMin = 0.1
/** Of a channel that never moved: its first move is an event, in the slow means as well. */
const constantDeviation = 0.01
const clip = 10

/** Training windows as a member with this lens sees them. */
export interface Seen extends TrainingRows {
  readonly lens: Lens
  /** 1 where something was missing. */
  readonly missing: Uint8Array
  /** Columns that vary. */
  readonly varying: number
}

export function seenBy({ rows, count, width }: TrainingRows, steps: number): Seen {
  const channels = width / steps
  const spans = spansOf(steps)
  const shape = { channels, spans }
  const plain = { ...shape, center: new Float32Array(lensWidth(shape)), inverse: unpadded(shape), clip: 3e38 }
  const means = seenThrough(plain, rows.subarray(0, count * width), width)
  const { center, inverse, varying } = standard(means, plain.inverse)
  const seen = standardised(means, center, inverse)
  const all = { rows: seen, count, width: lensWidth(shape) }
  return {
    ...all,
    rows: filled(all),
    missing: Uint8Array.from(seen, (value) => (Number.isNaN(value) ? 1 : 0)),
    lens: { ...shape, center, inverse, clip },
    varying,
  }
}

/** 1 for each column that is a mean, 0 for padding. */
function unpadded(shape: Pick<Lens, 'channels' | 'spans'>): Float32Array {
  const block = lensBlock(shape)
  return Float32Array.from({ length: lensWidth(shape) }, (_, i) =>
    i < shape.spans.length * block && i % block < shape.channels ? 1 : 0,
  )
}

function standard(
  means: Float32Array,
  used: Float32Array,
): { center: Float32Array; inverse: Float32Array; varying: number } {
  const width = used.length
  const center = new Float32Array(width)
  const inverse = new Float32Array(width)
  let varying = 0
  for (let j = 0; j < width; j++) {
    if (used[j] === 0) continue
    let [found, sum, squares] = [0, 0, 0]
    for (let at = j; at < means.length; at += width) {
      if (Number.isNaN(means[at]!)) continue
      found++
      sum += means[at]!
    }
    const middle = found === 0 ? 0 : sum / found
    for (let at = j; at < means.length; at += width)
      if (!Number.isNaN(means[at]!)) squares += (means[at]! - middle) ** 2
    const deviation = found === 0 ? 0 : Math.sqrt(squares / found)
    if (deviation > 0) varying++
    center[j] = middle
    inverse[j] = 1 / (deviation > 0 ? Math.max(deviation, deviationMin) : constantDeviation)
  }
  return { center, inverse, varying }
}

function standardised(means: Float32Array, center: Float32Array, inverse: Float32Array): Float32Array {
  const width = center.length
  return means.map((mean, i) => Math.max(-clip, Math.min(clip, (mean - center[i % width]!) * inverse[i % width]!)))
}
