// Single metrics: the NAB score of a kind on streams of one value, as the product fits and scores a table of one column: the
// ensemble each value's novelty, another kind windows of values. It learns from the rows that do not count and is given all
// of them to score. A score is held against the best threshold for the labels, as published ones are, and against each
// stream's own, and scores of kinds whose scale is a stream's own are taken in its thresholds.

import { fit } from '../../libs/detector/fit.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import { noveltiesOf } from '../../libs/stream/novelty-feature.ts'
import type { DetectorKind } from '../../libs/stream/spec.ts'
import { type NabStream, nabAt, nabBest, nabProfiles, probationOf } from './nab.ts'
import { type Metric, nabMetrics } from './sensors.ts'
import type { SeriesFigure } from './series-report.ts'
import { scoredBy } from './windowed.ts'

/** So few false alarms that somebody would want to hear of each. */
const alpha = 0.001
const published = {
  standard: 'HTM 71.2, RCF 52.0, ADVec 46.4',
  lowFalseAlerts: 'HTM 65.0, RCF 38.3, ADVec 33.2',
  lowMisses: 'HTM 75.9, RCF 61.0, ADVec 52.6',
} as const
const names = { standard: 'standard', lowFalseAlerts: 'few false alerts', lowMisses: 'few misses' } as const

interface Scored {
  /** In [0, 1], comparable between streams. */
  readonly best: NabStream
  /** 1 where the detector alarms by itself, else 0. */
  readonly own: NabStream
}

export async function singleMetrics(kind: DetectorKind): Promise<SeriesFigure[]> {
  const scored: Scored[] = []
  for (const metric of nabMetrics()) scored.push(await metricScores(metric, kind))
  const profiles = ['standard', 'lowFalseAlerts', 'lowMisses'] as const
  const best = scored.map((each) => each.best)
  const own = scored.map((each) => each.own)
  return profiles.flatMap((profile) => [
    {
      name: `NAB, ${names[profile]}, at the best threshold for all streams`,
      found: nabBest(best, nabProfiles[profile]).normalised,
      target: `${profile === 'standard' ? '≥ 65 ' : ''}(${published[profile]})`,
    },
    {
      name: `NAB, ${names[profile]}, at their own thresholds (0.1 %)`,
      found: nabAt(own, nabProfiles[profile], 1).normalised,
      target: '–',
    },
  ])
}

async function metricScores({ name, values, windows }: Metric, kind: DetectorKind): Promise<Scored> {
  const trainRows = probationOf(values.length)
  const { scores, threshold, unit } =
    kind === 'ensemble' ? await novelScores(values, trainRows) : await windowScores(name, values, trainRows, kind)
  return {
    best: { windows, scores: Float64Array.from(scores, (score) => score / (score + unit)) },
    own: { windows, scores: Float64Array.from(scores, (score) => (score > threshold ? 1 : 0)) },
  }
}

interface Heard {
  readonly scores: Float32Array
  readonly threshold: number
  readonly unit: number
}

async function novelScores(values: Float32Array, trainRows: number): Promise<Heard> {
  const rows = noveltiesOf(values)
  const model = await fit({
    rows,
    count: trainRows,
    width: 1,
    groups: new Int32Array(1),
    names: ['value'],
    revision: '0000000000000000',
    kind: 'ensemble',
    rowsAre: 'novelties',
    seed: 0,
    alpha,
    steps: 1,
  })
  return { scores: scoresOf(model, rows), threshold: model.calibration.threshold, unit: 1 }
}

async function windowScores(name: string, rows: Float32Array, trainRows: number, kind: DetectorKind): Promise<Heard> {
  const series = { name, width: 1, rows, trainRows, labels: new Uint8Array(rows.length) }
  const { scores, model } = await scoredBy(kind, series, alpha)
  const { threshold } = model.calibration
  return { scores, threshold, unit: threshold }
}
