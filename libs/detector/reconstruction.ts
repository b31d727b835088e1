// Reconstruction: a row as a model expects it, column by column, in the row's own units: what fills gaps and what takes noise
// off. A missing value (NaN) is filled in round by round, as explanations do it. It is the mean of the members that look at
// the whole row; one that expects the same of every row has no say here. Where no member has, it is the mean of the column.

import { type Engine, engine } from './engine.ts'
import type { Member, Model } from './model.ts'

/** Valid until the next call. */
export type Reconstruct = (row: Float32Array) => Float32Array

export function reconstruction(model: Model, running: Engine = engine(model)): Reconstruct {
  const { mean, inverseScale } = model.scaler
  const views = running.views.filter((_, m) => looks(model.members[m]!))
  const out = new Float32Array(model.width)
  return (row) => {
    running.side.set(row)
    running.examine()
    for (let j = 0; j < out.length; j++) {
      let z = 0
      for (const { reconstructed } of views) z += reconstructed[j]!
      out[j] = inverseScale[j] === 0 || views.length === 0 ? mean[j]! : mean[j]! + z / views.length / inverseScale[j]!
    }
    return out
  }
}

/** The row itself with what is expected of it where a value is missing. */
export function completed(row: Float32Array, reconstruct: Reconstruct): Float32Array {
  if (!row.some(Number.isNaN)) return row
  const expected = reconstruct(row)
  return row.map((value, j) => (Number.isNaN(value) ? expected[j]! : value))
}

function looks(member: Member): boolean {
  if ('lens' in member && member.lens !== undefined) return false
  switch (member.kind) {
    case 'dense':
    case 'sequence':
    case 'neighbours':
      return true
    // The network of a divergence is one of the dense members.
    case 'divergence':
    case 'histogram':
      return false
    default:
      return member satisfies never
  }
}
