// The member that remembers: normal rows, a random choice of them where there are many, and how far a row is from the
// nearest. Far is meant in a metric between the plain one and Mahalanobis': the columns' correlations count, but a direction
// in which normal rows hardly vary does not drown all others. And it is meant beside how far the stored rows there are from
// each other, since a row between two dense places is stranger than one in a sparse place; but only up to a point, or rows
// that are strange together would excuse each other.
// Source of the correction: Breunig et al., LOF: identifying density-based local outliers (2000), here with its square root
// and capped.

import assert from 'node:assert/strict'
import { exp, log } from '../../core/elementary.ts'
import { Random } from '../../core/random.ts'
import { constantColumns, covariance } from '../covariance.ts'
import { eigen } from '../eigen.ts'
import type { NeighboursMember } from '../model.ts'
import { scoresOf } from '../scores.ts'
import { alone } from './alone.ts'
import { cellOrder } from './cells.ts'
import { filled, type TrainingRows } from './kind.ts'
import { thinned } from './scoring.ts'

const neighbours = 5
const storedMax = 8192
/** Of 128 cells; with 8 of them a row costs a fifth more and nothing is found that was not. */
const probes = 6
/** Of all stored rows: wide ones are fewer. */
const storedValuesMax = 1_000_000
/** Wider rows are compared as they are: their covariance would cost more than it tells. */
const metricWidthMax = 128
const localShare = 0.5
/** Rows in sparser places than this share of them are as if they were there. */
const sparseShare = 0.9
/** Added to the distances of stored rows, in units of their median: equal rows are not infinitely dense. */
const distanceFloor = 0.05
const distanceMin = 1e-6

export function neighboursMember(training: TrainingRows, seed: number): NeighboursMember {
  return remembering(filled(training), training, metricOf(training), seed)
}

/** Remembers rows without missing values, as they are compared. */
export function remembering(
  present: Float32Array,
  training: Pick<TrainingRows, 'count' | 'width'>,
  metric: NeighboursMember['metric'],
  seed: number,
): NeighboursMember {
  const { width } = training
  const wanted = Math.min(storedMax, Math.floor(storedValuesMax / width))
  const chosen = choice(training.count, wanted, Random.derived(seed, 'stored rows'))
  const picked = gathered(present, chosen, width)
  const compared = metric === null ? picked : mapped(picked, metric.to, width)
  const rows = gathered(compared, cellOrder(compared, chosen.length, width), width)
  const member = {
    kind: 'neighbours',
    rows,
    count: chosen.length,
    neighbours: Math.min(neighbours, chosen.length),
    probes,
    metric,
    scoring: { kind: 'distance', factors: new Float32Array(chosen.length).fill(1) },
  } as const
  return { ...member, scoring: { kind: 'distance', factors: factorsOf(member, width) } }
}

/** A with AᵀA = I + Σ^(−½): halfway, in the logarithm, from the plain metric to Mahalanobis'. */
function metricOf({ rows, count, width }: TrainingRows): NeighboursMember['metric'] {
  if (width > metricWidthMax) return null
  const sampled = { ...thinned(rows, count, width), width }
  const constant = constantColumns(sampled.rows, sampled.count, width)
  const { matrix } = covariance(filled(sampled), sampled.count, width, constant)
  const { values, vectors } = eigen(matrix, width)
  const stretch = values.map((value) => Math.sqrt(1 + 1 / Math.sqrt(value)))
  const along = (factors: Float64Array): Float32Array => {
    const out = new Float32Array(width * width)
    for (let i = 0; i < width; i++)
      for (let j = 0; j < width; j++) {
        let sum = 0
        for (let k = 0; k < width; k++) sum += vectors[i * width + k]! * factors[k]! * vectors[j * width + k]!
        out[i * width + j] = sum
      }
    return out
  }
  return { to: along(stretch), back: along(stretch.map((factor) => 1 / factor)) }
}

/** Positions of at most `wanted` of `count` rows, ascending. */
function choice(count: number, wanted: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i)
  if (count <= wanted) return order
  random.shuffle(order)
  return order.slice(0, wanted).sort()
}

function gathered(rows: Float32Array, positions: Int32Array, width: number): Float32Array {
  const out = new Float32Array(positions.length * width)
  for (const [i, row] of positions.entries()) out.set(rows.subarray(row * width, (row + 1) * width), i * width)
  return out
}

function mapped(rows: Float32Array, metric: Float32Array, width: number): Float32Array {
  const out = new Float32Array(rows.length)
  for (let at = 0; at < rows.length; at += width)
    for (let j = 0; j < width; j++) {
      let sum = 0
      for (let k = 0; k < width; k++) sum += rows[at + k]! * metric[k * width + j]!
      out[at + j] = sum
    }
  return out
}

/** Of each stored row, 1 / √ of its own mean distance to the others, such that `neighbours` of them multiply to their mean. */
function factorsOf(member: NeighboursMember, width: number): Float32Array {
  const means = scoresWithoutSelf(member, width)
  const sorted = means.slice().sort()
  const median = sorted[sorted.length >> 1]!
  const most = sorted[Math.floor(sparseShare * (sorted.length - 1))]!
  const floor = distanceFloor * median + distanceMin
  return means.map((mean) => exp((-localShare / member.neighbours) * log(Math.min(mean, most) + floor)))
}

/**
 * Of each stored row, what it scores by the others: the nearest is itself, at distance 0, so one more is looked for, and what
 * that one has a say in is taken back: the mean, and the product of factors.
 */
export function scoresWithoutSelf(member: NeighboursMember, width: number): Float32Array {
  const others = Math.min(member.neighbours, member.count - 1)
  if (others < 1) return new Float32Array(member.count).fill(1)
  const { ranks: _, ...plain } = member
  assert.ok(member.scoring.kind === 'distance', 'a member that remembers rows as they are')
  const { factors } = member.scoring
  const scores = scoresOf(alone({ ...plain, neighbours: others + 1, metric: null }, width), member.rows)
  return scores.map((score, i) => (score * (others + 1)) / (others * factors[i]!))
}
