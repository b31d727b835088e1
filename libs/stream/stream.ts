// Stream: a topic, understood. What a spec means, compiled: which fields a decoder must fetch, where each feature lies in
// the row, and the revision, the fingerprint of everything that shapes rows.

import type { Want } from '../codec/columns.ts'
import type { FeatureSpec, Spec } from './spec.ts'

/** Where one feature of the spec lies in a row's step: `span` columns from `at` (cyclic: sin, cos; one-hot: a column a value). */
export interface FeatureLayout {
  readonly spec: FeatureSpec
  readonly at: number
  readonly span: number
  /** Index in `Stream.wants` of the field it reads, or null (count, rate, since-last). cyclic: a number want that is read with the unit of `spec.source.time`. */
  readonly want: number | null
}

export interface Stream {
  readonly spec: Spec
  /** 16 hexadecimal digits; a change of anything that shapes rows or state changes it, a change of budget or schedule does not. */
  readonly revision: string
  readonly wants: readonly Want[]
  /** Event time: a number in the unit of `spec.source.time` (iso: ms already). */
  readonly timeWant: number
  /** The entity, as text. */
  readonly keyWant: number
  /** `source.id` as text, or null where the spec names none. */
  readonly idWant: number | null
  readonly layout: readonly FeatureLayout[]
  /** Columns of one step. */
  readonly stepWidth: number
  /** Columns of a row: stepWidth × window rows, oldest step first. */
  readonly width: number
  /** For each column of a row, the index of its feature in `layout`. */
  readonly groups: Int32Array
  /** How far back a row can look, ms: the longest window or five half-lives; 0 without aggregates. */
  readonly horizonMs: number
}
