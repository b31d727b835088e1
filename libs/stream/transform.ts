// Transform: what a number goes through before it enters the row, and its inverse, for explanations in original units.
// Invariants
//   T1 every transform is odd, strictly increasing and finite on all finite numbers; negative amounts are mirrored.
//   T2 restored(t, transformed(t, x)) is x up to rounding.

import { expm1, log1p } from '../core/elementary.ts'
import type { Transform } from './spec.ts'

/** log1p: sign(x)·log(1 + |x|); sqrt: sign(x)·√|x|. NaN stays NaN. */
export function transformed(transform: Transform, x: number): number {
  switch (transform) {
    case 'none':
      return x
    case 'log1p': {
      const y = log1p(Math.abs(x))
      return x < 0 ? -y : y
    }
    case 'sqrt':
      return x < 0 ? -Math.sqrt(-x) : Math.sqrt(x)
    default:
      return transform satisfies never
  }
}

/** The inverse of `transformed`. */
export function restored(transform: Transform, y: number): number {
  switch (transform) {
    case 'none':
      return y
    case 'log1p':
      return y < 0 ? -expm1(-y) : expm1(y)
    case 'sqrt':
      return y < 0 ? -(y * y) : y * y
    default:
      return transform satisfies never
  }
}
