// Columns: what a decoder fills, a structure of arrays: one entry a record for every wanted field. Wants are compiled
// once from the spec; the hot path sees only their indices.
// Invariants
//   C1 after decode, faults[row] is 0 or an outcome byte of a rejection (libs/core/verdict); a faulty row's cells are undefined.
//   C2 a null or absent number is NaN (missing); a NaN or Infinity in the record itself is the fault `not-finite`.
//   C3 a category that is not among the values is −1; null or absent is −2.

import type { Records } from '../core/records.ts'

export type Want =
  /** int, long, float, double, boolean (0 or 1), logical dates and decimals; `iso` parses an ISO 8601 text to ms. */
  | { readonly kind: 'number'; readonly field: string; readonly parse: 'number' | 'iso' }
  /** string, enum or a small integer, matched against the values' text. */
  | { readonly kind: 'category'; readonly field: string; readonly values: readonly string[] }
  /** string, bytes or number as text: position and length in the run's bytes (numbers: see `texts`). */
  | { readonly kind: 'text'; readonly field: string }

export class Columns {
  readonly wants: readonly Want[]
  readonly rowsMax: number
  /** By want index; an empty array where the want is of another kind. */
  readonly numbers: readonly Float64Array[]
  readonly codes: readonly Int32Array[]
  readonly textAt: readonly Int32Array[]
  /** −1 = null or absent. */
  readonly textLength: readonly Int32Array[]
  /** Where the text of each want lies: the run's own bytes, or `scratch` for what had to be rendered (numbers, escapes). */
  readonly textScratch: readonly Uint8Array[]
  scratch: Uint8Array
  readonly faults: Uint8Array

  constructor(wants: readonly Want[], rowsMax: number) {
    this.wants = wants
    this.rowsMax = rowsMax
    const sized = (kind: Want['kind'], want: Want): number => (want.kind === kind ? rowsMax : 0)
    this.numbers = wants.map((want) => new Float64Array(sized('number', want)))
    this.codes = wants.map((want) => new Int32Array(sized('category', want)))
    this.textAt = wants.map((want) => new Int32Array(sized('text', want)))
    this.textLength = wants.map((want) => new Int32Array(sized('text', want)))
    /** 1 where the text lies in `scratch`, 0 where it lies in the run's bytes. */
    this.textScratch = wants.map((want) => new Uint8Array(sized('text', want)))
    this.scratch = new Uint8Array(0)
    this.faults = new Uint8Array(rowsMax)
  }
}

/** Why a decoder stopped: it needs the schema of this id first. */
export interface SchemaNeed {
  readonly kind: 'schema'
  readonly id: number
}

export interface Decoder {
  /**
   * Decodes records [from, to) into rows 0, 1, … of `columns` (to − from ≤ columns.rowsMax) and answers the index it
   * reached: `to`, or less when a record's schema is not known yet, which `need` then names. A null value is `undecodable`.
   */
  decode(records: Records, from: number, to: number, columns: Columns): number
  readonly need: SchemaNeed | null
  /** Answers a need: the schema's text, or 'absent' when the registry confirms that there is none. */
  supply(id: number, schema: string | 'absent'): void
}
