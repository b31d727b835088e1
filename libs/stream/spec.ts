// Spec: what a person says about one topic, as a value. Made from YAML by `parse` (spec-parse); here are its nouns only.
// Durations are milliseconds here whatever the YAML said (`5m`, `7d`).

export const detectorKinds = [
  'ensemble',
  'undercomplete',
  'denoising',
  'sparse',
  'contractive',
  'variational',
  'convolutional',
  'recurrent',
  'attention',
] as const
/** Kinds that learn from the steps of a window, and so need one. */
export const windowedKinds: readonly DetectorKind[] = ['convolutional', 'recurrent', 'attention']
export type DetectorKind = (typeof detectorKinds)[number]

/** How much the ensemble spends on a row and on learning, for how much it finds. */
export const detectorSettings = ['fast', 'balanced', 'best'] as const
export type DetectorSetting = (typeof detectorSettings)[number]

/** What the networks of a detector make small. */
export const lossKinds = ['squared', 'huber', 'binary-cross-entropy', 'mixed'] as const
export type LossKind = (typeof lossKinds)[number]

export const thresholdScopes = ['whole', 'per-key'] as const
export type ThresholdScope = (typeof thresholdScopes)[number]

/** Whether a threshold stays as it was calibrated, or follows slow drift. */
export const tailKinds = ['fixed', 'adaptive'] as const
export type TailKind = (typeof tailKinds)[number]

/** Applied to a number before it enters the row; every transform has an inverse, for explanations. */
export const transforms = ['none', 'log1p', 'sqrt'] as const
export type Transform = (typeof transforms)[number]

export const periods = ['hour', 'day', 'week', 'year'] as const
export type Period = (typeof periods)[number]

export const aggregateOperations = ['count', 'sum', 'mean', 'std', 'min', 'max', 'rate'] as const
export type AggregateOperation = (typeof aggregateOperations)[number]

/** (t − windowMs, t] in at most 8 panes, or exponential decay by half every halfLifeMs. */
export type Span =
  | { readonly kind: 'window'; readonly windowMs: number }
  | { readonly kind: 'half-life'; readonly halfLifeMs: number }

export type FeatureSpec =
  | { readonly kind: 'number'; readonly name: string; readonly field: string; readonly transform: Transform }
  | { readonly kind: 'cyclic'; readonly name: string; readonly field: string; readonly period: Period }
  | { readonly kind: 'one-hot'; readonly name: string; readonly field: string; readonly values: readonly string[] }
  | {
      readonly kind: 'aggregate'
      readonly name: string
      readonly operation: AggregateOperation
      /** null for count and rate, which count records. */
      readonly field: string | null
      readonly span: Span
      readonly transform: Transform
    }
  /** Seconds since the key's previous record; missing for its first. */
  | { readonly kind: 'since-last'; readonly name: string; readonly transform: Transform }
  /** The field minus its value in the key's previous record; missing for its first. */
  | { readonly kind: 'delta'; readonly name: string; readonly field: string }
  /** How far the field is from all its values in the key's records before, beside how far those were (novelty.ts). */
  | { readonly kind: 'novelty'; readonly name: string; readonly field: string }
  /** The field over its mean in the span, the current record left out; missing without earlier records. */
  | {
      readonly kind: 'ratio'
      readonly name: string
      readonly field: string
      readonly span: Span
      readonly transform: Transform
    }

export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
  readonly reason: string
}

export interface Spec {
  readonly stream: string
  readonly source: {
    readonly topic: string
    readonly format: 'avro' | 'json'
    /** avro only; a file is read by the shell, so that this is its text already. */
    readonly schema:
      | { readonly kind: 'none' }
      | { readonly kind: 'text'; readonly text: string; readonly framing: 'bare' | 'confluent' }
      | { readonly kind: 'registry'; readonly url: string }
    readonly key: { readonly field: string; readonly format: 'utf8' | 'avro' | 'ignore' }
    readonly id: string | null
    readonly time: { readonly field: string; readonly unit: 's' | 'ms' | 'us' | 'iso' }
    readonly latenessMs: number
    readonly recordBytesMax: number
  }
  readonly features: readonly FeatureSpec[]
  readonly window: { readonly rows: number }
  readonly missing: { readonly kind: 'impute' | 'reject' } | { readonly kind: 'constant'; readonly value: number }
  readonly keysMax: number
  readonly detector: {
    readonly kind: DetectorKind
    /** Of the ensemble; others have none and it stays balanced. */
    readonly setting: DetectorSetting
    readonly loss: LossKind
    /** One for all keys, or where keys differ their own. */
    readonly thresholds: ThresholdScope
    readonly alarms:
      | { readonly kind: 'rate'; readonly rate: number }
      | { readonly kind: 'per-day'; readonly perDay: number }
    readonly tail: TailKind
  }
  readonly training: {
    readonly everyMs: number
    readonly historyMs: number
    readonly rowsMin: number
    readonly rowsMax: number
    /** Rows younger than this are not learnt from: people may still speak of them. */
    readonly feedbackDelayMs: number
    readonly exclude: readonly TimeRange[]
  }
  readonly delivery: 'exactly-once' | 'at-least-once'
  readonly alerts: { readonly format: 'avro' | 'json'; readonly explain: number }
}
