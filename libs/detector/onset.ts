// Onset: in a row that is a window, the steps of a feature that are to blame: the last ones without which the score is low,
// less the very last where these do not matter. As few as may be: each step must take something off the score.
// Why not as low as without the feature altogether: what is left of a feature after its last steps are hidden speaks of an
// older time, and so the score has its least where all bad steps are hidden and not many others, and is higher than that.

import { probeRows } from './engine.ts'
import type { Model } from './model.ts'
import type { Trial } from './trial.ts'

/** Of the fall of the score, what another step must take off to be one of those to blame; */
const stepShareMin = 0.02
/** in long windows less, so that all steps together need no more than this. */
const stepsShareMin = 0.5
/** If no run of last steps accounts for so much of what the whole feature does, all its steps are to blame. */
const enoughShare = 0.75
/** Lengths tried, at most: of longer windows each so many-th. */
const lengthsMax = 64

/** Columns of a step: the least period of the features over the row; a row that is no window is one step. */
export function stepWidth({ width, layout }: Model): number {
  const { groups } = layout
  for (let period = 1; period < width; period++) {
    if (width % period !== 0) continue
    if (groups.every((group, column) => group === groups[column % period])) return period
  }
  return width
}

/** Of `columns`, ascending, those of the steps to blame, the other columns in `hidden` being hidden as well. */
export function blamedColumns(
  hide: Trial['hide'],
  columns: readonly number[],
  hidden: readonly number[],
  step: number,
): readonly number[] {
  const steps = [...new Set(columns.map((column) => Math.floor(column / step)))]
  if (steps.length <= 1) return columns
  const between = (from: number, to: number): number[] =>
    columns.filter((column) => column >= steps[from]! * step && column < (steps[to - 1]! + 1) * step)
  const without = (parts: readonly (readonly number[])[]): number[] =>
    inProbes(
      hide,
      parts.map((part) => [...hidden, ...part]),
    )
  const count = steps.length
  const [none = 0, all = 0, ...last] = without([
    [],
    columns,
    ...lengths(count - 1).map((k) => between(count - k, count)),
  ])
  const least = last.reduce((low, score) => Math.min(low, score), none)
  const isRun = none - least >= enoughShare * (none - all)
  const fall = none - (isRun ? least : all)
  if (fall <= 0) return columns
  const share = Math.min(stepShareMin, stepsShareMin / count)
  const best = (tried: readonly number[], scores: readonly number[]): number => {
    const costs = scores.map((score, i) => score / fall + share * (tried[i] ?? 0))
    return tried[costs.indexOf(Math.min(...costs))] ?? count
  }
  const length = isRun ? best(lengths(count - 1), last) : count
  const from = count - length
  const runs = lengths(length)
  return between(from, from + best(runs, without(runs.map((k) => between(from, from + k)))))
}

/** 1 to `most`, or lengthsMax of these, `most` among them. */
function lengths(most: number): number[] {
  const count = Math.min(most, lengthsMax)
  return Array.from({ length: count }, (_, i) => Math.ceil(((i + 1) * most) / count))
}

function inProbes(hide: Trial['hide'], sets: readonly (readonly number[])[]): number[] {
  const scores: number[] = []
  for (let from = 0; from < sets.length; from += probeRows) scores.push(...hide(sets.slice(from, from + probeRows)))
  return scores
}
