// Reconstruction: a row as a model expects it, column by column, in the row's own units: what fills gaps and what takes noise
// off. A missing value (NaN) is filled in round by round, as explanations do it. It is the mean of the members that look at
// the row; one that expects the same of every row has no say here. Where a value is missing, the linear member, which never
// uses the value itself, counts as linearVoices others: on tables with gaps it is mostly nearer than the networks, which
// learnt to restore what they see.

import { type Engine, engine } from './engine.ts'
import { addExpected, clipped, isLinear, looks, within } from './expectation.ts'
import type { Model } from './model.ts'

/** Chosen on four public tables: of 1, 2, 4 and it alone, 4 is the best or next to it on each. */
const linearVoices = 4

export interface Reconstruction {
  /** Of each column of a row, whether any member says something of it; of the others the mean is expected. */
  readonly speaks: readonly boolean[]
  /** What is expected of all columns, given all; valid until the next call. */
  reconstruct(row: Float32Array): Float32Array
  /** What is expected where a value is missing; valid until the next call. */
  expect(row: Float32Array): Float32Array
  /** The row itself with what is expected of it where a value is missing. */
  complete(row: Float32Array): Float32Array
}

export function reconstruction(model: Model, running: Engine = engine(model)): Reconstruction {
  const { mean, inverseScale } = model.scaler
  const heard = model.members.flatMap((member, m) => (looks(member) ? [{ member, view: running.views[m]! }] : []))
  const linear = heard.filter(({ member }) => isLinear(member))
  const filling = [...heard, ...Array.from({ length: linearVoices - 1 }, () => linear).flat()]
  const out = new Float32Array(model.width)
  const sums = new Float64Array(model.width)
  const voices = new Float64Array(model.width)
  const examine = (row: Float32Array, members: typeof heard): Float32Array => {
    running.side.set(row)
    running.examine()
    sums.fill(0)
    voices.fill(0)
    for (const { member, view } of members) addExpected(member, view.reconstructed, sums, voices)
    for (let j = 0; j < out.length; j++) {
      const z = clipped(sums[j]! / Math.max(1, voices[j]!), model.scaler)
      out[j] = inverseScale[j] === 0 ? mean[j]! : within(model.scaler, j, mean[j]! + z / inverseScale[j]!)
    }
    return out
  }
  examine(mean, heard)
  const speaks = Array.from(voices, (count) => count > 0)
  const complete = (row: Float32Array): Float32Array => {
    if (!row.some(Number.isNaN)) return row
    const expected = examine(row, filling)
    return row.map((value, j) => (Number.isNaN(value) ? expected[j]! : value))
  }
  return { speaks, reconstruct: (row) => examine(row, heard), expect: (row) => examine(row, filling), complete }
}
