// Split: which rows of a history are held out to calibrate, and which are kept for the gate; by time, the oldest first, with
// a gap beside what is held out, so that windows and aggregates do not reach across.
// Invariants
//   P1 the held blocks are contiguous, follow each other, and cover every row exactly once.
//   P2 rows that train for a block are none of the block's nor within the gap of it; at least trainRowsMin are left.

import { Failure } from '../core/failure.ts'
import { calibrationRowsMin } from './calibration.ts'

/** Rows [from, to). */
export interface Part {
  readonly from: number
  readonly to: number
}

/** Blocks that are held out in turn, see fit.ts: so many times the target is the most that one strange time can alarm. */
const blockCount = 5
/** The same of what is slow to train, or has to be quick: fewer rows train for a block, so that thresholds are a little higher. */
const slowBlockCount = 3
const gapShare = 0.01
const gapRowsMax = 1000
const trainRowsMin = 50
const validationShare = 0.15
const validationRowsMax = 20_000

/** Least rows that a fit takes. */
export const fitRowsMin = trainRowsMin + calibrationRowsMin

/** One block held out, and what trains for it: the rows before it and those after it. */
export interface Fold {
  readonly held: Part
  readonly train: readonly [before: Part, after: Part]
}

export function folds(count: number, pace: 'quick' | 'slow' = 'quick'): readonly Fold[] {
  if (count < fitRowsMin) throw new Failure('data-too-little', `${count} rows to learn from, ${fitRowsMin} are needed`)
  const gap = Math.min(gapRowsMax, Math.floor(gapShare * count))
  const blocks = pace === 'slow' ? slowBlockCount : blockCount
  const edge = (block: number): number => Math.floor((block * count) / blocks)
  return Array.from({ length: blocks }, (_, block) => {
    const held = { from: edge(block), to: edge(block + 1) }
    const before = { from: 0, to: Math.max(0, held.from - gap) }
    return { held, train: [before, { from: Math.min(count, held.to + gap), to: count }] }
  })
}

/** For a trainer: the rows that `fit` is given, and the newest ones, which only the gate sees. */
export function holdOut(count: number): { readonly fit: Part; readonly validate: Part } {
  const validation = Math.min(validationRowsMax, Math.round(validationShare * count))
  const gap = Math.min(gapRowsMax, Math.floor(gapShare * count))
  return {
    fit: { from: 0, to: Math.max(0, count - validation - gap) },
    validate: { from: count - validation, to: count },
  }
}
