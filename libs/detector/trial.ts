// Trial: rows some of whose cells are hidden, as if they were missing, and what a model says of them then.
// Invariants
//   T1 a value that is missing in the row itself stays missing, and belongs to no feature's columns.

import type { Engine } from './engine.ts'
import { expectedOf, isLinear, looks } from './expectation.ts'
import type { Model } from './model.ts'

/** Of one row. */
export interface Trial {
  readonly row: Float32Array
  /** Observed columns of each feature. */
  readonly columns: readonly (readonly number[])[]
  /** The engine examines the row without these columns. */
  look(hidden: readonly number[]): void
  /** What is expected of all columns of the row that was looked at last, by each member that is asked. */
  expected(): Float32Array[]
  /** Scores of the row without the columns of each set, at most probeRows of them. */
  hide(sets: readonly (readonly number[])[]): Float32Array
  /** Scores of the row with what each expects in these columns. */
  replace(columns: readonly number[], expected: readonly Float32Array[]): Float32Array
}

/**
 * Asked are those whose answer depends on the row, the linear one first: what it expects of a column does not depend on the
 * column itself, so that it is right of a bad value that is not hidden. If no answer does, all are asked.
 */
function askedOf({ members }: Model): number[] {
  const all = Array.from(members.keys())
  const asked = all.filter((m) => looks(members[m]!))
  const first = asked.filter((m) => isLinear(members[m]!))
  return asked.length === 0 ? all : [...first, ...asked.filter((m) => !first.includes(m))]
}

export function trials(model: Model, engine: Engine): (row: Float32Array) => Trial {
  const { width, members, scaler, layout } = model
  const { side } = engine
  const asked = askedOf(model)
  const scores = (count: number): Float32Array => {
    const found = new Float32Array(count)
    engine.probe(count, found)
    return found
  }
  return (row) => {
    const columns = layout.features.map((): number[] => [])
    for (let column = 0; column < width; column++)
      if (!Number.isNaN(row[column]!)) columns[layout.groups[column]!]?.push(column)
    return {
      row,
      columns,
      look: (hidden) => {
        side.set(row)
        for (const column of hidden) side[column] = Number.NaN
        engine.examine()
      },
      expected: () => asked.map((m) => expectedOf(members[m]!, engine.views[m]!, row, scaler)),
      hide: (sets) => {
        for (const [i, hidden] of sets.entries()) {
          side.set(row, i * width)
          for (const column of hidden) side[i * width + column] = Number.NaN
        }
        return scores(sets.length)
      },
      replace: (changed, expected) => {
        for (const [i, values] of expected.entries()) {
          side.set(row, i * width)
          for (const column of changed) side[i * width + column] = values[column]!
        }
        return scores(expected.length)
      },
    }
  }
}
