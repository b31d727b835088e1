// Model: what a fit produces and an artefact stores, as plain values. It has no behaviour: the engine (engine.ts) runs it,
// the artefact (artefact.ts) writes and checks it, calibration.ts makes its calibration and threshold.ts reads it.
// Invariants (checked by artefact.ts when bytes are parsed)
//   M1 every array has the length that `width` and the layers imply; every number is finite.
//   M2 a member's first layer has `width` inputs and its last `width` outputs, each layer's inputs are the outputs before it.
//   M3 a combination that weighs its members has a part for each.
// All numbers that shape a score are float32: what is stored is what is computed with.

import type { Canaries } from './canaries.ts'
import type { Reference } from './drift-reference.ts'
import type { Sampler } from './sampler.ts'
import type { SequenceLayer } from './sequence.ts'

/** JSON that travels with the model and is never computed with. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What the columns of a row are. */
export interface Layout {
  /** The stream revision whose rows the model understands (libs/stream/stream). */
  readonly revision: string
  /** Name of each feature, in row order. */
  readonly features: readonly string[]
  /** For each column of a row, the index of its feature. */
  readonly groups: Int32Array
}

/**
 * z = clamp((x − mean) · inverseScale, ±clip) per column; a missing value becomes 0. A column that was constant in
 * training has the floor of scales as its scale, or inverseScale 0 if it is to be ignored.
 */
export interface Scaler {
  readonly mean: Float32Array
  readonly inverseScale: Float32Array
  /** Largest |z|, > 0. */
  readonly clip: number
  /** Least and greatest value of each column in training: nothing outside is ever expected (expectation.ts). */
  readonly range?: { readonly low: Float32Array; readonly high: Float32Array }
}

export type Activation =
  | { readonly kind: 'linear' | 'relu' | 'tanh' | 'sigmoid' }
  | { readonly kind: 'leaky-relu'; readonly alpha: number }

/** y = activation(x · weights + bias). */
export interface DenseLayer {
  readonly kind: 'dense'
  readonly inputs: number
  readonly outputs: number
  readonly activation: Activation
  /** Row-major [input][output]. */
  readonly weights: Float32Array
  readonly bias: Float32Array
}

/** How the residual r = z − ẑ of one member becomes a number. */
export type Scoring =
  /** ‖whitening · (r − residualMean)‖²: whitening is the lower-triangular inverse Cholesky factor, row-major width × width. */
  | { readonly kind: 'mahalanobis'; readonly residualMean: Float32Array; readonly whitening: Float32Array }
  /** mean over columns of r² / trainError; trainError > 0 (floored by the fit). */
  | { readonly kind: 'error-over-train'; readonly trainError: Float32Array }

/**
 * What the last layer gives in the columns [from, to) of a category becomes low + span · share, the shares being their
 * softmax; of a column alone its sigmoid. Other columns stay.
 */
export interface Shares {
  /** Ascending and disjoint. */
  readonly categories: readonly { readonly from: number; readonly to: number }[]
  /** Of each column of the row; 0 and 1 where no category is. */
  readonly low: Float32Array
  readonly span: Float32Array
}

/**
 * What a member sees of a row that is a window: for each span, the mean of each channel over so many of its last steps,
 * z = clamp((mean − center) · inverse, ±clip). Spans one after another, each a block of the channels padded with zeros to a
 * multiple of 4, the whole to one of 8 (lens.ts). Layers and stored rows of a member with a lens are as wide as what it sees.
 */
export interface Lens {
  readonly channels: number
  /** Ascending, from 1 to the steps of a window. */
  readonly spans: readonly number[]
  /** Of each column that is seen; inverse ≥ 0, and 0 where there is nothing to see. */
  readonly center: Float32Array
  readonly inverse: Float32Array
  /** > 0. */
  readonly clip: number
}

/**
 * How a member sees columns: each value by how it ranks among normal ones. Of each column some places, row-major
 * [column][knots], and what is seen there, both ascending; straight between them, beyond the first and the last as there.
 */
export interface Ranks {
  /** At least 2. */
  readonly knots: number
  readonly at: Float32Array
  readonly seen: Float32Array
}

/** How a member sees columns: each value, seen from the column's middle, as scale · asinh((z − center) · inverse). */
export interface Bend {
  readonly center: Float32Array
  /** > 0. */
  readonly inverse: Float32Array
  /** > 0. */
  readonly scale: Float32Array
}

/** One autoencoder and how it is scored. */
export interface DenseMember {
  readonly kind: 'dense'
  readonly lens?: Lens
  /** Not beside a lens. */
  readonly bend?: Bend
  readonly layers: readonly DenseLayer[]
  readonly shares?: Shares
  readonly scoring: Scoring
}

/**
 * How far a row's cloud of codes is from the standard normal: scale · ½ Σ (e^lv + μ² − 1 − lv). Layers are those of the
 * network at its mean code; `spread` reads what the layer at index `code` reads and gives log-variances for its means.
 */
export interface DivergenceMember extends Pick<DenseMember, 'layers' | 'shares'> {
  readonly kind: 'divergence'
  readonly code: number
  readonly spread: DenseLayer
  /** > 0. */
  readonly scale: number
}

/** An autoencoder for rows that are windows: layers over their steps (sequence.ts), from width columns to width columns. */
export interface SequenceMember {
  readonly kind: 'sequence'
  readonly layers: readonly SequenceLayer[]
  readonly scoring: Scoring
}

/** How a row's nearest become a score. */
export type NeighboursScoring =
  /** The mean distance to them, in the metric, times the product of their factors: rows in sparse places are far from all. */
  | {
      readonly kind: 'distance'
      /** Of each stored row, > 0. */
      readonly factors: Float32Array
    }
  | Extract<Scoring, { readonly kind: 'error-over-train' }>

/**
 * Remembers normal rows: what it expects of a row is the mean of the nearest of them. Rows lie in cells of cellRows, near
 * rows together.
 */
export interface NeighboursMember {
  readonly kind: 'neighbours'
  readonly lens?: Lens
  /** Not beside a lens. */
  readonly ranks?: Ranks
  /** Stored rows as they are compared: scaled, times the metric; row-major [row][column]. */
  readonly rows: Float32Array
  readonly count: number
  /** How many are looked for, from 1 to neighboursMax, at most `count`. */
  readonly neighbours: number
  /** How many of the nearest cells they are looked for in, from 1 to neighboursMax: all cells where there are no more. */
  readonly probes: number
  /** Rows are compared as z · to, and z = compared · back, both row-major width × width; null: as they are. */
  readonly metric: { readonly to: Float32Array; readonly back: Float32Array } | null
  readonly scoring: NeighboursScoring
}
export const neighboursMax = 8
export const cellRows = 64

/**
 * How rare each value of a row is by itself: the sum over the columns of −ln density, in equal bins. With a sharpness above 0
 * the loudest columns lead: entries of the table are shares of a mean of exp(sharpness · −ln density), and the score is the
 * logarithm of the sum, over the sharpness.
 */
export interface HistogramMember {
  readonly kind: 'histogram'
  readonly bend?: Bend
  readonly sharpness: number
  /** What it expects of each column. */
  readonly typical: Float32Array
  readonly bins: number
  /** Of each column: where the bins begin, and bins per scaled unit, > 0. */
  readonly low: Float32Array
  readonly inverse: Float32Array
  /** Row-major [column][bins + 3]: below the bins, in each, above them, missing. */
  readonly table: Float32Array
  /** Taken off, so that the most normal row scores about 1. */
  readonly base: number
}

/** Entries of a column's table that are no bins. */
export const binsBeside = 3

export type Member = DenseMember | DivergenceMember | SequenceMember | NeighboursMember | HistogramMember

/** How surprising a member's score is, in nats: −ln p of a normal row scoring at least as high. */
export interface Surprise {
  /** Scores, strictly ascending from above 0, and their surprise, ascending from at least 0. */
  readonly at: readonly number[]
  readonly nats: readonly number[]
  /** Nats per unit of ln score beyond the last, ≥ 0. */
  readonly rate: number
}

/** How the members' scores of a row become one: combination.ts. */
export type Combination =
  | { readonly kind: 'mean' }
  | {
      readonly kind: 'surprise'
      /** > 0; the larger, the more the loudest member leads. */
      readonly sharpness: number
      /** Of each member; weights > 0. */
      readonly parts: readonly { readonly weight: number; readonly surprise: Surprise }[]
    }

/** Generalised Pareto tail of the calibration scores above `level`; see calibration.ts. */
export interface Tail {
  readonly level: number
  readonly shape: number
  readonly scale: number
  /** Calibration scores above the level, of `count` in all. */
  readonly excesses: number
  readonly count: number
}

/** A key's own threshold is the detector's times its factor; keys without one have 1 (key-factors.ts). */
export interface KeyFactors {
  /** 32 bits of each key's hash, ascending: keys that share them share a factor, nothing worse. */
  readonly hashes: Uint32Array
  /** > 0. */
  readonly factors: Float32Array
}

export interface Calibration {
  /** Alarm rate that the threshold was set for. */
  readonly alpha: number
  /** Scores above it are anomalous. */
  readonly threshold: number
  /** What gave the threshold. */
  readonly method: 'conformal' | 'pareto'
  /** Calibration scores. */
  readonly count: number
  /**
   * Some of the calibration scores in strictly ascending order, the greatest included, and for each
   * p = (1 + #{i: s_i ≥ knot}) / (count + 1).
   */
  readonly knotScores: Float32Array
  readonly knotPs: Float32Array
  /** Used for scores above the greatest of the calibration. */
  readonly tail: Tail | null
  /** Scores were divided by their key's factor before they were put in order; null: keys are alike or not known. */
  readonly keys: KeyFactors | null
}

export interface Model {
  /** The kind of detector as the spec names it. */
  readonly kind: string
  readonly width: number
  readonly layout: Layout
  readonly scaler: Scaler
  readonly members: readonly Member[]
  readonly combination: Combination
  readonly calibration: Calibration
  /** Where it came from: topic, offset ranges, exclusions, rows kept and dropped by reason, seed, code version, duration, losses. */
  readonly manifest: Json
  /** What the gate found, null before it ran. */
  readonly gate: Json
  /** Version of the detector that it replaces. */
  readonly parent: string | null
  /** What later detectors must go on finding, and what rows were like; both for the trainer, and absent in a detector of a table. */
  readonly canaries?: Canaries
  readonly reference?: Reference
  /** Of a variational detector, what rows are made up from. */
  readonly sampler?: Sampler
}
