// Explain: which features a score comes from, where in a window, and what was expected instead.
//   1 suspects: the few features without which the row is ordinary (suspects.ts);
//   2 of a window, the steps of each that are to blame (onset.ts);
//   3 expected: these cells are hidden together, and of what the members then expect of them that is taken which makes the row
//     most normal; of all other columns the linear member's, or the first's that looks at the row;
//   4 contributions: the fall of the score without each (contributions.ts), alike over the cells of a suspect.
// Invariants
//   X1 contributions are ≥ 0 and sum to 1, or are all 0 when the score does not say anything.
//   X2 where a few features do not account for the score, each contributes what it takes off alone, and of what is left all
//      alike: of ten features or more then hardly one has a tenth, and no single one is to blame.
//   X3 an imputed column contributes nothing.
//   X4 what is expected lies within the range of training (expectation.ts).

import { contributionsOf } from './contributions.ts'
import type { Explanation } from './detector.ts'
import type { Engine } from './engine.ts'
import type { Model } from './model.ts'
import { blamedColumns, stepWidth } from './onset.ts'
import { columnShares } from './shares.ts'
import { suspectsOf } from './suspects.ts'
import { type Trial, trials } from './trial.ts'

/** Explains rows by the engine that runs the model. */
export function explainer(model: Model, engine: Engine): (row: Float32Array) => Explanation {
  const { width } = model
  const trialOf = trials(model, engine)
  const sharesOf = columnShares(model, engine)
  const step = stepWidth(model)
  return (row) => {
    const imputed = Uint8Array.from(row, (value) => (Number.isNaN(value) ? 1 : 0))
    const trial = trialOf(row.slice())
    const suspects = suspectsOf(model, sharesOf, trial)
    switch (suspects.kind) {
      case 'diffuse': {
        const shares = shared(trial, suspects.parts)
        return { contributions: spread(shares, width), expected: restored(trial, []), imputed }
      }
      case 'some': {
        const sets = located(trial, suspects.features, step)
        const parts = contributionsOf(trial.hide, sets)
        const shares = sets.map((columns, i): Share => [columns, parts[i]!])
        return { contributions: spread(shares, width), expected: restored(trial, sets.flat()), imputed }
      }
      default:
        return suspects satisfies never
    }
  }
}

/** The columns of each suspect that are to blame: of a window, not all steps. */
function located(trial: Trial, features: readonly number[], step: number): readonly (readonly number[])[] {
  const whole = features.map((feature) => trial.columns[feature]!)
  if (step === trial.row.length) return whole
  return whole.map((columns, i) => blamedColumns(trial.hide, columns, whole.toSpliced(i, 1).flat(), step))
}

/** What is expected of all columns without the hidden ones; of these by whoever makes the row most normal. */
function restored(trial: Trial, hidden: readonly number[]): Float32Array {
  trial.look(hidden)
  const options = trial.expected()
  const [usual = trial.row.slice()] = options
  if (options.length < 2 || hidden.length === 0) return usual
  const scores = trial.replace(hidden, options)
  const best = options[scores.indexOf(Math.min(...scores))] ?? usual
  for (const column of hidden) usual[column] = best[column]!
  return usual
}

/** What no feature accounts for alone is everyone's. */
function shared({ columns }: Trial, parts: ReadonlyMap<number, number>): Share[] {
  const observed = Array.from(columns.keys()).filter((feature) => columns[feature]!.length > 0)
  const rest = 1 - [...parts.values()].reduce((sum, part) => sum + part, 0)
  return observed.map((feature) => [columns[feature]!, (parts.get(feature) ?? 0) + rest / observed.length])
}

type Share = readonly [columns: readonly number[], share: number]

function spread(shares: readonly Share[], width: number): Float32Array {
  const contributions = new Float32Array(width)
  for (const [columns, share] of shares) for (const column of columns) contributions[column] = share / columns.length
  return contributions
}
