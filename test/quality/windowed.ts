// Windowed: a series as the product fits and scores windows of it. A row's score is that of the window which it ends; rows
// before the first window have the least score and never alarm.

import { type FitRequest, fit } from '../../libs/detector/fit.ts'
import type { Model } from '../../libs/detector/model.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import type { DetectorKind } from '../../libs/stream/spec.ts'
import type { Series } from './sensors.ts'

/** Rows of a window. */
export const steps = 64
const scoredRows = 4096

export interface Scored {
  readonly series: Series
  readonly model: Model
  /** Of every row. */
  readonly scores: Float32Array
}

export async function scoredBy(kind: DetectorKind, series: Series, alpha: number): Promise<Scored> {
  const { rows, width, trainRows } = series
  const windowed = windows(rows.subarray(0, trainRows * width), width)
  const model = await fit(requestOf(windowed, width, kind, alpha))
  const count = rows.length / width
  const scores = new Float32Array(count)
  for (let from = 0; from + steps <= count; from += scoredRows) {
    const to = Math.min(count, from + scoredRows + steps - 1)
    scores.set(scoresOf(model, windows(rows.subarray(from * width, to * width), width)), from + steps - 1)
  }
  scores.fill(Math.min(...scores.subarray(steps - 1)), 0, steps - 1)
  return { series, model, scores }
}

function requestOf(rows: Float32Array, channels: number, kind: DetectorKind, alpha: number): FitRequest {
  const width = channels * steps
  return {
    rows,
    count: rows.length / width,
    width,
    groups: Int32Array.from({ length: width }, (_, j) => j % channels),
    names: Array.from({ length: channels }, (_, j) => `x${j}`),
    revision: '0000000000000000',
    kind,
    seed: 0,
    alpha,
    steps,
    backend: 'auto',
  }
}

/** Each row with those before it, oldest first. */
function windows(rows: Float32Array, width: number): Float32Array {
  const count = Math.max(0, rows.length / width - steps + 1)
  const out = new Float32Array(count * steps * width)
  for (let i = 0; i < count; i++) out.set(rows.subarray(i * width, (i + steps) * width), i * steps * width)
  return out
}
