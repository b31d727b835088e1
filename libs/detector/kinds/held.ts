// Held: residuals of training rows that a member has not seen. Contiguous blocks are held out in turn; what lies within a gap
// of a block, and so shares steps with its windows, is left out of what the member learns from.
// Invariant: every row is held out once, and no row of [from − gap, to + gap) is learned from when [from, to) is.

import { Failure } from '../../core/failure.ts'
import type { Scoring } from '../model.ts'
import type { KindOptions } from './kind.ts'
import type { Seen } from './lens.ts'

/**
 * More blocks than networks are given (fit-split.ts): each costs little here, and the fewer rows are taken away, the less the
 * scores of held-out rows are above those of rows to come. With 5 blocks 0.6 of the alarms that a budget allows were given,
 * with 20 about 1.1.
 */
const blockCount = 20
const gapShare = 0.01
const gapRowsMax = 1000
/** Added to the error of a column, in what it sees: one that is always met exactly is not to shout. */
const errorFloor = 0.1

/** Rows [from, to) are held out; those before `before` and from `after` on are learned from. */
export interface Block {
  readonly from: number
  readonly to: number
  readonly before: number
  readonly after: number
}

export type OnProgress = KindOptions['onProgress']

/** Throws Failure('data-too-little') where a block with its gap is all there is. */
export function blocks(count: number, steps: number): readonly Block[] {
  const gap = Math.max(steps, Math.min(gapRowsMax, Math.floor(gapShare * count)))
  const found = Array.from({ length: blockCount }, (_, block) => {
    const from = Math.floor((block * count) / blockCount)
    const to = Math.floor(((block + 1) * count) / blockCount)
    return { from, to, before: Math.max(0, from - gap), after: Math.min(count, to + gap) }
  }).filter(({ from, to }) => to > from)
  if (found.some(({ before, after }) => before === 0 && after === count))
    throw new Failure(
      'data-too-little',
      `${count} windows of ${steps} rows are too few to hold some of them out: those apart from them must be learned from; more than ${2 * steps + Math.ceil(count / blockCount)} would do, or a shorter window`,
    )
  return found
}

/**
 * What `expected` says of each block, by a member that has not seen it, as residuals; 0 where a value is missing. The loss
 * that is told after each block is its mean square.
 */
export function heldResiduals(
  { rows, count, width, missing }: Seen,
  steps: number,
  expected: (block: Block, rows: Float32Array) => Float32Array,
  onProgress: OnProgress,
): Float32Array {
  const residuals = new Float32Array(count * width)
  for (const block of blocks(count, steps)) {
    const start = block.from * width
    const own = rows.slice(start, block.to * width)
    let found = expected(block, own)
    const gone = missing.subarray(start, block.to * width)
    // As the engine does: filled in twice, then looked at.
    for (let round = 0; round < 2 && gone.includes(1); round++) {
      for (let i = 0; i < own.length; i++) if (gone[i] === 1) own[i] = found[i]!
      found = expected(block, own)
    }
    let sum = 0
    for (let i = 0; i < own.length; i++) {
      const apart = gone[i] === 1 ? 0 : own[i]! - found[i]!
      residuals[start + i] = apart
      sum += apart * apart
    }
    onProgress(block.to / count, sum / own.length)
  }
  return residuals
}

/** Scores by errors over (r + floor)², r the held-out error of each column, and what the rows held out score by it. */
export function scoredHeld(
  residuals: Float32Array,
  { count, width, missing }: Seen,
): { scoring: Extract<Scoring, { kind: 'error-over-train' }>; scores: Float32Array } {
  const trainError = new Float32Array(width)
  for (let j = 0; j < width; j++) {
    let sum = 0
    for (let at = j; at < residuals.length; at += width) sum += residuals[at]! * residuals[at]!
    trainError[j] = (Math.sqrt(sum / count) + errorFloor) ** 2
  }
  const scores = Float32Array.from({ length: count }, (_, row) => {
    let [sum, found] = [0, 0]
    for (let j = 0; j < width; j++) {
      const at = row * width + j
      sum += (residuals[at]! * residuals[at]!) / trainError[j]!
      found += 1 - missing[at]!
    }
    return sum / Math.max(1, found)
  })
  return { scoring: { kind: 'error-over-train', trainError }, scores }
}
