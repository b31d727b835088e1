// Onset: in a row that is a window, the steps of a feature that are to blame. They are the last steps without which the score
// is about what it is without the feature altogether; less the very last ones that do not matter.

import { probeRows } from './engine.ts'
import type { Model } from './model.ts'
import type { Trial } from './trial.ts'

/** The steps found account for so much of the fall of the score. */
const mostShare = 0.9

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
  trial: Trial,
  columns: readonly number[],
  hidden: readonly number[],
  step: number,
): readonly number[] {
  const steps = [...new Set(columns.map((column) => Math.floor(column / step)))]
  if (steps.length <= 1) return columns
  const [all = 0, none = 0] = trial.hide([[...hidden, ...columns], hidden])
  const enough = none - mostShare * (none - all)
  const isEnough = (parts: readonly (readonly number[])[]): boolean[] =>
    Array.from(trial.hide(parts.map((part) => [...hidden, ...part])), (score) => score <= enough)
  const between = (from: number, to: number): number[] =>
    columns.filter((column) => column >= steps[from]! * step && column < (steps[to - 1]! + 1) * step)
  const last = steps.length
  const first = least(1, last, (lengths) => isEnough(lengths.map((length) => between(last - length, last))))
  const from = last - first
  const needed = least(1, first, (lengths) => isEnough(lengths.map((length) => between(from, from + length))))
  return between(from, from + needed)
}

/** The least length in [low, high] that is enough, if longer ones are too; `high` is. A probe at a time, by halves of halves. */
function least(low: number, high: number, isEnough: (lengths: readonly number[]) => boolean[]): number {
  let [from, to] = [low, high]
  while (from < to) {
    const span = to - from
    const count = Math.min(span, probeRows)
    const lengths = Array.from({ length: count }, (_, i) => from + Math.floor((i * span) / count))
    const found = isEnough(lengths).indexOf(true)
    if (found === 0) return lengths[0]!
    if (found > 0) to = lengths[found]!
    from = lengths[(found < 0 ? count : found) - 1]! + 1
  }
  return to
}
