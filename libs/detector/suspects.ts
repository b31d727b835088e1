// Suspects: the few features without which a row is ordinary. A bad value corrupts what is expected of every other column,
// and two of them hide each other; so each feature in turn is hidden, and the one without which the score falls most is taken;
// then again with that one hidden, until nothing stands out. The first is chosen anew beside the second: it may only have been
// something between two culprits.
// Sources: Rousseeuw and Van den Bossche, Detecting deviating data cells (2018), for cells rather than rows; Mallat and
// Zhang, Matching pursuits with time-frequency dictionaries (1993), for the greedy choice.

import { probeRows } from './engine.ts'
import type { Model } from './model.ts'
import type { Shares } from './shares.ts'
import { pValue } from './threshold.ts'
import type { Trial } from './trial.ts'

/** All their subsets are one probe (contributions.ts). */
export const suspectsMax = 4
/** Features tried at a time, those with the largest shares: one place of a probe is the row's own. */
const triedMax = probeRows - 1
/** A row is ordinary when so many normal ones score as high. At the threshold alone it would be called so too soon. */
const ordinaryShare = 0.1
/** Where no single feature accounts for so much of what all do, there is no culprit; */
const standsOutMin = 0.1
/** nor where the row alarms without all suspects, and they have not taken so much off the score. */
const takenMin = 0.5

export type Suspects =
  | { readonly kind: 'some'; readonly features: readonly number[] }
  /** Many features, each for a little: what part of the score each takes off alone. */
  | { readonly kind: 'diffuse'; readonly parts: ReadonlyMap<number, number> }

export function suspectsOf(model: Model, sharesOf: Shares, trial: Trial): Suspects {
  const choose = (rest: readonly number[]): Choice => chosen(model, sharesOf, trial, rest)
  const first = choose([])
  if (isDiffuse(first)) return diffuse(first)
  const features: number[] = []
  let score = first.without
  let next = first
  while (next.score < score) {
    features.push(next.feature)
    score = next.score
    if (features.length === 2) {
      const again = choose([next.feature])
      if (again.score < score) {
        features[0] = again.feature
        score = again.score
      }
    }
    if (features.length === suspectsMax || pValue(model.calibration, score) >= ordinaryShare) break
    next = choose(features)
  }
  if (score > model.calibration.threshold && score > (1 - takenMin) * first.without) return diffuse(first)
  return { kind: 'some', features }
}

/** Where the falls are more than the score, so that features share them, their parts make the whole of it. */
function diffuse({ falls, without }: Choice): Suspects {
  const sum = [...falls.values()].reduce((total, fall) => total + fall, 0)
  const whole = Math.max(sum, without)
  return { kind: 'diffuse', parts: new Map([...falls].map(([feature, fall]) => [feature, fall / whole])) }
}

interface Choice {
  /** Without the rest only. */
  readonly without: number
  /** The feature, of those tried, without which the score is least, and that score. */
  readonly feature: number
  readonly score: number
  /** Of each feature tried, > 0. */
  readonly falls: ReadonlyMap<number, number>
}

function chosen(model: Model, sharesOf: Shares, trial: Trial, rest: readonly number[]): Choice {
  const hidden = rest.flatMap((feature) => trial.columns[feature]!)
  trial.look(hidden)
  const tried = candidates(sharesOf(trial.row), model, trial, rest)
  const sets = tried.map((feature) => [...hidden, ...trial.columns[feature]!])
  const [without = 0, ...scores] = trial.hide([hidden, ...sets])
  let best = 0
  for (const [i, score] of scores.entries()) if (score < scores[best]!) best = i
  const falls = new Map<number, number>()
  for (const [i, feature] of tried.entries()) if (scores[i]! < without) falls.set(feature, without - scores[i]!)
  return { without, feature: tried[best] ?? -1, score: scores[best] ?? without, falls }
}

/** Features with values, those with the largest shares first, ties in their order. */
function candidates(shares: Float64Array, { layout }: Model, { columns }: Trial, rest: readonly number[]): number[] {
  const byFeature = new Float64Array(columns.length)
  for (const [column, share] of shares.entries()) byFeature[layout.groups[column]!]! += share
  return Array.from(columns.keys())
    .filter((feature) => columns[feature]!.length > 0 && !rest.includes(feature))
    .sort((a, b) => byFeature[b]! - byFeature[a]! || a - b)
    .slice(0, triedMax)
}

function isDiffuse({ falls }: Choice): boolean {
  let [sum, most] = [0, 0]
  for (const fall of falls.values()) {
    sum += fall
    most = Math.max(most, fall)
  }
  return most < standsOutMin * sum
}
