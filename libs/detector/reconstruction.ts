// Reconstruction: a row as a model expects it, column by column, in the row's own units: what fills gaps and what takes noise
// off. A missing value (NaN) is filled in round by round, as explanations do it. It is the mean of the members that look at
// the row; one that expects the same of every row has no say here.

import { type Engine, engine } from './engine.ts'
import { addExpected } from './explain.ts'
import type { Member, Model } from './model.ts'

export interface Reconstruction {
  /** Of each column of a row, whether any member says something of it; of the others the mean is expected. */
  readonly speaks: readonly boolean[]
  /** Valid until the next call. */
  reconstruct(row: Float32Array): Float32Array
  /** The row itself with what is expected of it where a value is missing. */
  complete(row: Float32Array): Float32Array
}

export function reconstruction(model: Model, running: Engine = engine(model)): Reconstruction {
  const { mean, inverseScale, clip } = model.scaler
  const heard = model.members.flatMap((member, m) => (looks(member) ? [{ member, view: running.views[m]! }] : []))
  const out = new Float32Array(model.width)
  const sums = new Float64Array(model.width)
  const voices = new Float64Array(model.width)
  const examine = (row: Float32Array): void => {
    running.side.set(row)
    running.examine()
    sums.fill(0)
    voices.fill(0)
    for (const { member, view } of heard) addExpected(member, view.reconstructed, sums, voices)
  }
  examine(mean)
  const speaks = Array.from(voices, (count) => count > 0)
  const reconstruct = (row: Float32Array): Float32Array => {
    examine(row)
    for (let j = 0; j < out.length; j++) {
      const z = Math.max(-clip, Math.min(clip, sums[j]! / Math.max(1, voices[j]!)))
      out[j] = inverseScale[j] === 0 ? mean[j]! : mean[j]! + z / inverseScale[j]!
    }
    return out
  }
  const complete = (row: Float32Array): Float32Array => {
    if (!row.some(Number.isNaN)) return row
    const expected = reconstruct(row)
    return row.map((value, j) => (Number.isNaN(value) ? expected[j]! : value))
  }
  return { speaks, reconstruct, complete }
}

function looks(member: Member): boolean {
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
