// Series: how well a kind finds anomalies in labelled series, as the product fits and scores windows of them. A row's score
// is that of the window which it ends; rows before the first window have the least score and never alarm.

import type { DetectorKind } from '../../libs/stream/spec.ts'
import { mean, median, pointMetrics } from './metrics.ts'
import { pooled } from './pooled.ts'
import { asdNames, asdSeries, skabNames, skabSeries, smapNames, smapSeries } from './sensors.ts'
import type { SeriesFigure } from './series-report.ts'
import { singleMetrics } from './single-metrics.ts'
import { volume, windowOf } from './vus.ts'
import { type Scored, scoredBy, steps } from './windowed.ts'

/** Alarm rates that the thresholds are set for: the project's own, and a strict one for series with few rows to learn from. */
const alphas = { usual: 0.01, strict: 0.001 } as const

export const seriesSets = ['smap', 'asd', 'skab', 'nab'] as const
export type SeriesSet = (typeof seriesSets)[number]

export async function measureSeries(set: SeriesSet, kind: DetectorKind): Promise<SeriesFigure[]> {
  switch (set) {
    case 'smap':
      return telemetry(kind)
    case 'asd':
      return servers(kind)
    case 'skab':
      return valve(kind)
    case 'nab':
      return singleMetrics(kind)
    default:
      return set satisfies never
  }
}

async function telemetry(kind: DetectorKind): Promise<SeriesFigure[]> {
  const causal: number[] = []
  const around: number[] = []
  const alarms: number[] = []
  for (const name of smapNames()) {
    const scored = await scoredBy(kind, smapSeries(name), alphas.usual)
    const { rows, width, labels } = scored.series
    const first = Float64Array.from({ length: labels.length }, (_, i) => rows[i * width]!)
    const window = windowOf(first)
    causal.push(volume(scored.scores, labels, window).pr)
    around.push(volume(spread(scored.scores), labels, window).pr)
    alarms.push(alarmRatio(scored, alphas.usual))
  }
  return [
    { name: 'SMAP, mean VUS-PR, causal', found: mean(causal), target: '≥ .28' },
    { name: 'SMAP, mean VUS-PR, spread over the window', found: mean(around), target: '≥ .36' },
    { name: 'SMAP, median alarms ÷ target (1 % of normal rows)', found: median(alarms), target: '1' },
  ]
}

async function servers(kind: DetectorKind): Promise<SeriesFigure[]> {
  const points = []
  const alarms: number[] = []
  for (const name of asdNames) {
    const scored = await scoredBy(kind, asdSeries(name), alphas.usual)
    const { trainRows, labels } = scored.series
    points.push(pointMetrics(scored.scores.subarray(trainRows), labels.subarray(trainRows)))
    alarms.push(alarmRatio(scored, alphas.usual))
  }
  return [
    { name: 'ASD, mean best F1', found: mean(points.map(({ bestF1 }) => bestF1)), target: '≥ .50' },
    { name: 'ASD, mean AP', found: mean(points.map(({ averagePrecision }) => averagePrecision)), target: '–' },
    { name: 'ASD, mean AUROC', found: mean(points.map(({ auroc }) => auroc)), target: '–' },
    { name: 'ASD, median alarms ÷ target (1 % of normal rows)', found: median(alarms), target: '1' },
  ]
}

async function valve(kind: DetectorKind): Promise<SeriesFigure[]> {
  const counted = []
  for (const name of skabNames) {
    const { series, model, scores } = await scoredBy(kind, skabSeries(name), alphas.strict)
    const alarms = Array.from(scores.subarray(series.trainRows), (score) => score > model.calibration.threshold)
    counted.push({ alarms, labels: series.labels.subarray(series.trainRows) })
  }
  const { f1, falsePercent, missedPercent } = pooled(counted)
  return [
    { name: 'SKAB, pooled F1 at its own threshold (0.1 %)', found: f1, target: '≥ .78' },
    { name: 'SKAB, false alarms, %', found: falsePercent, target: '< 15' },
    { name: 'SKAB, missed, %', found: missedPercent, target: '< 25' },
  ]
}

/** The mean score of the windows that hold a row. */
function spread(scores: Float32Array): Float64Array {
  const count = scores.length
  return Float64Array.from({ length: count }, (_, row) => {
    const from = Math.max(row, steps - 1)
    const to = Math.min(count, row + steps)
    let sum = 0
    for (let i = from; i < to; i++) sum += scores[i]!
    return sum / (to - from)
  })
}

/** Share of normal rows behind the training rows that alarm, a window's reach around anomalies left out, over the target. */
function alarmRatio({ series, model, scores }: Scored, alpha: number): number {
  const { labels, trainRows } = series
  let [normal, alarms, quiet] = [0, 0, 0]
  for (let row = trainRows; row < labels.length; row++) {
    if (labels[row] === 1) quiet = steps
    if (quiet-- > 0) continue
    normal++
    if (scores[row]! > model.calibration.threshold) alarms++
  }
  return alarms / normal / alpha
}
