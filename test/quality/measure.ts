// One measurement: a kind fitted to one data set with one seed, as the product fits it, and scored by the engine.

import { Random } from '../../libs/core/random.ts'
import { type FitRequest, fit } from '../../libs/detector/fit.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import type { DetectorKind } from '../../libs/stream/spec.ts'
import { cardSplit, type Split, tableSplit } from './datasets.ts'
import { cardPrecision, mean, pointMetrics } from './metrics.ts'

export interface Measured {
  readonly set: string
  readonly seed: number
  readonly rows: number
  readonly auroc: number
  readonly averagePrecision: number
  readonly f1AtN: number
  /** Card precision at 100; NaN for tables. */
  readonly cardPrecision: number
  /** Share of normal test rows above the threshold, over the target. */
  readonly alarmRatio: number
  /** The same where old and new normal rows were shuffled before they were split: no drift between them. */
  readonly alarmRatioShuffled: number
  readonly fitSeconds: number
  readonly scoreMicroseconds: number
}

export const cardSet = 'card'
export const alphaTarget = 0.01

export async function measure(set: string, seed: number, kind: DetectorKind, nowMs: () => number): Promise<Measured> {
  const card = set === cardSet ? cardSplit() : null
  const split = card ?? tableSplit(set)
  const startMs = nowMs()
  const model = await fit(requestOf(split, seed, kind))
  const fittedMs = nowMs()
  const scores = scoresOf(model, split.test)
  const scoredMs = nowMs()
  const { auroc, averagePrecision, f1AtN } = pointMetrics(scores, split.labels)
  const shuffled = shuffledSplit(split, seed)
  const again = seed === 0 ? await fit(requestOf(shuffled, seed, kind)) : null
  return {
    set,
    seed,
    rows: split.train.length / split.width,
    auroc,
    averagePrecision,
    f1AtN,
    cardPrecision: card === null ? Number.NaN : mean(cardPrecision(scores, card)),
    alarmRatio: alarmRatio(scores, split.labels, model.calibration.threshold),
    alarmRatioShuffled:
      again === null
        ? Number.NaN
        : alarmRatio(scoresOf(again, shuffled.test), shuffled.labels, again.calibration.threshold),
    fitSeconds: (fittedMs - startMs) / 1000,
    scoreMicroseconds: ((scoredMs - fittedMs) * 1000) / scores.length,
  }
}

export function requestOf({ train, width }: Split, seed: number, kind: DetectorKind): FitRequest {
  return {
    rows: train,
    count: train.length / width,
    width,
    groups: Int32Array.from({ length: width }, (_, j) => j),
    names: Array.from({ length: width }, (_, j) => `x${j}`),
    revision: '0000000000000000',
    kind,
    seed,
    alpha: alphaTarget,
    steps: 1,
    backend: 'auto',
  }
}

/** All normal rows in a random order, split again in the same proportion. */
function shuffledSplit({ train, test, labels, width }: Split, seed: number): Split {
  const count = train.length / width
  const normal = [...labels.keys()].filter((i) => labels[i] === 0)
  const order = Int32Array.from({ length: count + normal.length }, (_, i) => i)
  Random.derived(seed, 'shuffled split').shuffle(order)
  const all = new Float32Array(order.length * width)
  for (const [i, from] of order.entries()) {
    const row = from < count ? train.subarray(from * width) : test.subarray(normal[from - count]! * width)
    all.set(row.subarray(0, width), i * width)
  }
  return {
    width,
    train: all.subarray(0, count * width),
    test: all.subarray(count * width),
    labels: new Uint8Array(normal.length),
  }
}

function alarmRatio(scores: Float32Array, labels: Uint8Array, threshold: number): number {
  let normal = 0
  let alarms = 0
  for (const [i, score] of scores.entries()) {
    if (labels[i] === 1) continue
    normal++
    if (score > threshold) alarms++
  }
  return alarms / normal / alphaTarget
}
