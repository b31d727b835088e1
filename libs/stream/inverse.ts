// Inverse: from the columns of a row back to what a person would call the value, for explanations. It reads observed rows
// and reconstructions alike; the latter lie between values, so the nearest one is answered.
// Invariants
//   V1 for a value of the record itself, the inverse of its columns is the value, up to the rounding of a 32-bit float.
//   V2 a missing value is NaN, whatever the kind of feature.

import { phaseOf } from '../core/elementary.ts'
import type { Period } from './spec.ts'
import type { FeatureLayout } from './stream.ts'
import { restored } from './transform.ts'

/** What a one-hot feature says of a value that is not among the listed ones. */
export const OTHER = 'other'

/** Units in a full turn, and where in it the period of 1 January 1970, a Thursday, began. */
const TURNS: Readonly<Record<Period, { readonly units: number; readonly origin: number }>> = {
  hour: { units: 60, origin: 0 },
  day: { units: 24, origin: 0 },
  week: { units: 7, origin: 3 },
  year: { units: 365.2425, origin: 0 },
}

/**
 * What `entry` says in the step whose first column is `at`: a number in the unit of the field (a difference, a ratio and a
 * novelty as they are, since-last in seconds); cyclic: minute of the hour, hour of the day, days since Monday or since New Year, all
 * in UTC and with their fraction; one-hot: the value's text.
 */
export function inverse(entry: FeatureLayout, values: Float32Array, at: number): number | string {
  const { spec } = entry
  const column = at + entry.at
  const first = values[column] ?? Number.NaN
  if (Number.isNaN(first)) return Number.NaN
  switch (spec.kind) {
    case 'number':
    case 'aggregate':
    case 'since-last':
    case 'ratio':
      return restored(spec.transform, first)
    case 'delta':
    case 'novelty':
      return first
    case 'cyclic': {
      const { units, origin } = TURNS[spec.period]
      return (phaseOf(first, values[column + 1] ?? 0) * units + origin) % units
    }
    case 'one-hot':
      return categoryOf(spec.values, values, column)
    default:
      return spec satisfies never
  }
}

/** The value of the greatest column; `other` where more is left over than any column holds. */
function categoryOf(names: readonly string[], values: Float32Array, column: number): string {
  let best = OTHER
  let most = 0
  let left = 1
  for (const [i, name] of names.entries()) {
    const share = values[column + i] ?? 0
    left -= share
    if (share <= most) continue
    best = name
    most = share
  }
  return left > most ? OTHER : best
}
