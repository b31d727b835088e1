// Detector: an immutable value that turns rows into scores, knows its threshold and can explain a score. Made from the
// bytes of an artefact by `load` (load.ts); the version is the SHA-256 of those bytes. A higher score is more anomalous.
// Scoring is pure: it learns nothing, and a row's score depends neither on the batch it is in nor on the order.

export interface Explanation {
  /** Per column of the row, standardised share of the score, ≥ 0; the sum is 1 (all 0 if nothing can be said). */
  readonly contributions: Float32Array
  /** Per column, what was expected, in row units (before the inverse transform); suspects masked and reconstructed again. */
  readonly expected: Float32Array
  /** Per column, 1 where the value was missing and filled in. */
  readonly imputed: Uint8Array
}

export interface Detector {
  readonly version: string
  /** The stream revision whose rows it understands. */
  readonly revision: string
  readonly kind: string
  readonly width: number
  /** Scores above it times their key's factor are anomalous. */
  readonly threshold: number
  /** Least factor of any key, ≤ 1: scores that are not above it times the threshold need not be asked for theirs. */
  readonly factorMin: number
  /** Of a key's text, > 0; 1 unless keys were found to differ. */
  factorOf(key: string): number
  /** Whether any key has a factor other than 1. */
  readonly hasFactors: boolean
  /** Shape of the calibrated tail of normal scores; null without one. */
  readonly tailShape: number | null
  /** Rows that `input` holds. */
  readonly rowsMax: number
  /** Where the caller writes rows (stride = width); in the kernel's memory. NaN = missing. Valid for as long as the detector. */
  readonly input: Float32Array
  /** Scores of the first `count` rows of `input` into `scores`; finite, ≥ 0. */
  score(count: number, scores: Float32Array): void
  /** Calibrated probability that a normal row scores at least this; of a key with a factor, of score / factor. */
  pValue(score: number): number
  explain(row: Float32Array): Explanation
}
