// Kind: one way to learn what is normal. From scaled rows to the members of a model; scaling, calibration and the gate are
// the same for all kinds and are not its business. Every kind satisfies test/contract/detector-kind.ts.
// Invariants
//   K1 the same rows, seed and backend give the same members to the bit.
//   K2 sizes and lengths follow from the rows by rule (size.ts), never from a setting but the ensemble's one.

import type { DetectorKind, DetectorSetting, LossKind } from '../../stream/spec.ts'
import type { Combination, Member } from '../model.ts'
import type { Sampler } from '../sampler.ts'
import type { TrainerChoice } from '../training.ts'

/** Scaled rows, stride = width; NaN = missing. */
export interface TrainingRows {
  readonly rows: Float32Array
  readonly count: number
  readonly width: number
}

/** The rows with 0, the scaled mean, where a value is missing: what the engine starts from as well. */
export function filled({ rows, count, width }: TrainingRows): Float32Array {
  const out = rows.slice(0, count * width)
  for (let i = 0; i < out.length; i++) if (Number.isNaN(out[i]!)) out[i] = 0
  return out
}

/** All of at most `most` rows, or evenly every k-th. */
export function thinnedTo(most: number, { rows, count, width }: TrainingRows): TrainingRows {
  const every = Math.ceil(count / most)
  if (every <= 1) return { rows, count, width }
  const kept = Math.ceil(count / every)
  const out = new Float32Array(kept * width)
  for (let i = 0; i < kept; i++) out.set(rows.subarray(i * every * width, (i * every + 1) * width), i * width)
  return { rows: out, count: kept, width }
}

/** In places. */
export interface ImageSize {
  readonly height: number
  readonly width: number
}

export interface KindOptions {
  readonly seed: number
  /** Steps of the window that a row is. */
  readonly steps: number
  /** Where a row is an image: its places line after line, the channels of a place side by side. */
  readonly image?: ImageSize
  /** For each column of a row, the index of its feature. */
  readonly groups: Int32Array
  /** A row is one number that says already how unusual it is, and is not scaled. */
  readonly isGiven?: boolean
  /** Of the ensemble alone. */
  readonly setting: DetectorSetting
  readonly loss: LossKind
  readonly backend: TrainerChoice
  /** Called after each step of the training, share in (0, 1]; throws to stop. */
  readonly onProgress: (share: number, loss: number) => void
}

/** How members are heard together, from each one's scores of rows that it has not seen. */
export type Together = (held: readonly Float32Array[]) => Combination

export const alike: Together = () => ({ kind: 'mean' })

/** What a kind that remembers its rows says of them as one that has not seen them would; spares the fit its blocks. */
export interface Held {
  /** Of each member, a score for each training row. */
  readonly scores: readonly Float32Array[]
  /** ≥ 1. Where no alarm is expected among these, only so many times the largest of them are alarms. */
  readonly margin: number
}

export interface Fitted {
  readonly members: readonly Member[]
  readonly together: Together
  readonly held?: Held
  /** Scores of normal rows that come with the kind, to calibrate with beside those of the history. */
  readonly known?: Float32Array
  /** What rows can be made up from, where a kind can; given the training rows in their own units. */
  readonly sampler?: (own: Float32Array) => Sampler | null
  readonly backend: string
  /** Of each trained network, its loss over time. */
  readonly losses: readonly (readonly number[])[]
}

export interface Kind {
  readonly name: DetectorKind
  /** Trains so slowly that fewer blocks calibrate it (fit-split.ts). */
  readonly isSlow?: true
  fit(rows: TrainingRows, options: KindOptions): Promise<Fitted>
}
