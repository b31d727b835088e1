// Split: which rows of a history train, which calibrate, and which are kept for the gate; by time, the oldest first, with a
// gap between them so that windows and aggregates do not reach across.
// Invariants
//   P1 the parts do not overlap and are in the order of time.
//   P2 at least calibrationRowsMin rows calibrate, or the rows are refused.

import { Failure } from '../core/failure.ts'
import { calibrationRowsMin } from './calibration.ts'

/** Rows [from, to). */
export interface Part {
  readonly from: number
  readonly to: number
}

const calibrationShare = 0.2
const calibrationRowsMax = 20_000
const gapShare = 0.01
const gapRowsMax = 1000
const trainRowsMin = 50
const validationShare = 0.15
const validationRowsMax = 20_000

/** Least rows that a fit takes. */
export const fitRowsMin = trainRowsMin + calibrationRowsMin

export function splitRows(count: number): { readonly train: Part; readonly calibrate: Part } {
  if (count < fitRowsMin) throw new Failure('data-too-little', `${count} rows to learn from, ${fitRowsMin} are needed`)
  const calibration = Math.min(calibrationRowsMax, Math.max(calibrationRowsMin, Math.round(calibrationShare * count)))
  const gap = Math.min(gapRowsMax, Math.floor(gapShare * count), count - calibration - trainRowsMin)
  return { train: { from: 0, to: count - calibration - gap }, calibrate: { from: count - calibration, to: count } }
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
