// What anomalies among the rows to learn from cost, as the product fits: card payments with their frauds, without them, and
// after people have looked once at what alarmed; whole tables that learn from the very rows they score; tables into whose
// normal rows anomalies were planted, from none to a tenth.

import { Random } from '../../libs/core/random.ts'
import { fit } from '../../libs/detector/fit.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import type { DetectorKind } from '../../libs/stream/spec.ts'
import { type CardSplit, cardSplit, type Split, tableNames, tableSplit, wholeTable } from './datasets.ts'
import { alphaTarget, requestOf } from './measure.ts'
import { cardPrecision, mean, pointMetrics } from './metrics.ts'

export const cardWays = [
  'frauds among the training rows',
  'after one round of feedback',
  'no fraud among them',
] as const
export type CardWay = (typeof cardWays)[number]

/** Anomalies among so many training rows in all; where a table has too few, half of what it has. */
export const plantedShares = [0, 0.01, 0.02, 0.05, 0.1] as const

export interface Quality {
  readonly auroc: number
  readonly averagePrecision: number
}

export interface CardQuality extends Quality {
  readonly way: CardWay
  readonly cardPrecision: number
  /** Rows that people looked at, and the frauds among them. */
  readonly looked: number
  readonly called: number
}

/** The three ways of one seed: the round of feedback is about what the first of them alarms on. */
export async function measureCards(seed: number, kind: DetectorKind): Promise<CardQuality[]> {
  const split = cardSplit()
  const first = await fit(requestOf(split, seed, kind))
  const looked = highest(scoresOf(first, split.train), alphaTarget)
  const called = looked.filter((row) => split.trainLabels[row] === 1)
  const without = async (rows: ReadonlySet<number>): Promise<Float32Array> =>
    scoresOf(await fit(requestOf({ ...split, train: rowsBut(split, rows) }, seed, kind)), split.test)
  const frauds = new Set(positionsOf(split.trainLabels, 1))
  const scores: Record<CardWay, Float32Array> = {
    'frauds among the training rows': scoresOf(first, split.test),
    'after one round of feedback': await without(new Set(called)),
    'no fraud among them': await without(frauds),
  }
  return cardWays.map((way) => ({
    way,
    ...pointMetrics(scores[way], split.labels),
    cardPrecision: mean(cardPrecision(scores[way], split)),
    looked: looked.length,
    called: called.length,
  }))
}

/** Positions of the share of rows that scores highest: the alarms of a detector that uses its budget up. */
function highest(scores: Float32Array, share: number): number[] {
  const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b)
  return order.slice(0, Math.floor(share * scores.length))
}

function positionsOf(labels: Uint8Array, label: number): number[] {
  return [...labels.keys()].filter((row) => labels[row] === label)
}

function rowsBut({ train, width }: CardSplit, dropped: ReadonlySet<number>): Float32Array {
  const kept = new Float32Array(train.length - dropped.size * width)
  let at = 0
  for (let row = 0; row * width < train.length; row++) {
    if (dropped.has(row)) continue
    kept.set(train.subarray(row * width, (row + 1) * width), at)
    at += width
  }
  return kept
}

/** Mean over the tables, each learned from and scored whole. */
export async function measureWhole(seed: number, kind: DetectorKind): Promise<Quality> {
  return overTables(seed, kind, wholeTable)
}

export async function measurePlanted(share: number, seed: number, kind: DetectorKind): Promise<Quality> {
  return overTables(seed, kind, (name) => planted(tableSplit(name), share, seed))
}

async function overTables(seed: number, kind: DetectorKind, splitOf: (name: string) => Split): Promise<Quality> {
  const all: Quality[] = []
  for (const name of tableNames) {
    const split = splitOf(name)
    all.push(pointMetrics(scoresOf(await fit(requestOf(split, seed, kind)), split.test), split.labels))
  }
  return {
    auroc: mean(all.map(({ auroc }) => auroc)),
    averagePrecision: mean(all.map(({ averagePrecision }) => averagePrecision)),
  }
}

/** Anomalies of the test rows moved to random places among the training rows, until they are `share` of these. */
export function planted({ width, train, test, labels }: Split, share: number, seed: number): Split {
  const random = Random.derived(seed, 'planted anomalies')
  const anomalies = Int32Array.from(positionsOf(labels, 1))
  random.shuffle(anomalies)
  const count = train.length / width
  const wanted = Math.round((share * count) / (1 - share))
  const moved = new Set(anomalies.subarray(0, Math.min(wanted, anomalies.length >> 1)))
  const rows: Float32Array[] = []
  for (let row = 0; row < count; row++) rows.push(train.subarray(row * width, (row + 1) * width))
  for (const row of moved)
    rows.splice(random.integer(rows.length + 1), 0, test.subarray(row * width, (row + 1) * width))
  const left = [...labels.keys()].filter((row) => !moved.has(row))
  return {
    width,
    train: together(rows, width),
    test: together(
      left.map((row) => test.subarray(row * width, (row + 1) * width)),
      width,
    ),
    labels: Uint8Array.from(left, (row) => labels[row]!),
  }
}

function together(rows: readonly Float32Array[], width: number): Float32Array {
  const out = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) out.set(row, i * width)
  return out
}
