// Budget: how often normal rows that come after those that were learnt from alarm, over how often they should. Thrice of the
// same scores: by the detector's threshold, and as a task judges, which sees a lasting change of what is normal
// (libs/task/score-memory.ts), without and with an adaptive tail.

import { fit } from '../../libs/detector/fit.ts'
import { detector } from '../../libs/detector/load.ts'
import type { Model } from '../../libs/detector/model.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import type { DetectorKind } from '../../libs/stream/spec.ts'
import { ScoreMemory } from '../../libs/task/score-memory.ts'
import { cardSplit, tableNames, tableSplit } from './datasets.ts'
import { cardSet, requestOf } from './measure.ts'
import { asdNames, asdSeries, type Series, smapNames, smapSeries } from './sensors.ts'
import { scoredBy, steps } from './windowed.ts'

export const ways = ['detector', 'task', 'adaptive'] as const
export type Way = (typeof ways)[number]
export const families = ['tables', 'SMAP', 'ASD'] as const
export type Family = (typeof families)[number]
export const alphas = [0.01, 0.001] as const

export interface Spent {
  readonly set: string
  readonly family: Family
  readonly alpha: number
  readonly normal: number
  readonly alarms: Readonly<Record<Way, number>>
}

/** Scores in order, and which of them are of normal rows that count. */
interface Judged {
  readonly scores: Float32Array
  readonly counts: (row: number) => boolean
  readonly model: Model
  readonly windowRows: number
}

export async function* measureBudget(kind: DetectorKind, seed: number): AsyncGenerator<Spent> {
  for (const alpha of alphas) {
    for (const set of [...tableNames, cardSet]) {
      yield spent(set, 'tables', alpha, await tableJudged(set, kind, seed, alpha))
    }
    for (const name of smapNames()) yield spent(name, 'SMAP', alpha, await seriesJudged(smapSeries(name), kind, alpha))
    for (const name of asdNames) yield spent(name, 'ASD', alpha, await seriesJudged(asdSeries(name), kind, alpha))
  }
}

async function tableJudged(set: string, kind: DetectorKind, seed: number, alpha: number): Promise<Judged> {
  const split = set === cardSet ? cardSplit() : tableSplit(set)
  const model = await fit({ ...requestOf(split, seed, kind), alpha })
  return { scores: scoresOf(model, split.test), counts: (row) => split.labels[row] === 0, model, windowRows: 1 }
}

/** Rows within a window's reach behind an anomaly do not count: their windows hold it. */
async function seriesJudged(series: Series, kind: DetectorKind, alpha: number): Promise<Judged> {
  const { model, scores } = await scoredBy(kind, series, alpha)
  const labels = series.labels.subarray(series.trainRows)
  const since = new Int32Array(labels.length)
  let rows = steps
  for (const [row, label] of labels.entries()) since[row] = rows = label === 1 ? 0 : rows + 1
  const counts = (row: number): boolean => (since[row] ?? 0) >= steps
  return { scores: scores.subarray(series.trainRows), counts, model, windowRows: steps }
}

function spent(set: string, family: Family, alpha: number, judged: Judged): Spent {
  const { scores, counts, model } = judged
  let normal = 0
  for (let row = 0; row < scores.length; row++) if (counts(row)) normal++
  const own = (row: number): number => (counts(row) && (scores[row] ?? 0) > model.calibration.threshold ? 1 : 0)
  let alone = 0
  for (let row = 0; row < scores.length; row++) alone += own(row)
  const alarms = { detector: alone, task: asTask(judged, 'fixed'), adaptive: asTask(judged, 'adaptive') }
  return { set, family, alpha, normal, alarms }
}

/** Alarms on rows that count, as a task's memory of scores judges them. */
function asTask({ scores, counts, model, windowRows }: Judged, tail: 'fixed' | 'adaptive'): number {
  const judge = detector(model, 'measured')
  const { threshold, tailShape } = judge
  const memory = new ScoreMemory({ threshold, budget: judge.pValue(threshold), tail, tailShape, windowRows }, null)
  const rows = { scores, keyOf: () => 0 }
  let counted = 0
  for (let from = 0; from < scores.length; ) {
    const to = Math.min(scores.length, from + memory.rowsLeft)
    const alarms: number[] = []
    for (let row = from; row < to; row++) if ((scores[row] ?? 0) > memory.threshold) alarms.push(row)
    counted += alarms.filter(counts).length
    memory.take(rows, from, to, alarms)
    from = to
  }
  return counted
}
