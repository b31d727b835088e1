// The objectives of trainings in float64, written from their definitions: what gradients are held against.

import { Random } from '../../libs/core/random.ts'
import type { Loss } from '../../libs/detector/loss.ts'
import type { DenseLayer } from '../../libs/detector/model.ts'
import type { Penalty } from '../../libs/detector/penalty.ts'
import type { DensePlan } from '../../libs/detector/tensorflow/train-dense.ts'

type Matrix = readonly (readonly number[])[]

export interface Moved {
  readonly layer: number
  readonly part: 'weights' | 'bias'
  readonly at: number
  readonly by: number
}

/** Loss and penalty of a batch at the first step, with one parameter moved. */
export function objective(
  plan: DensePlan,
  layers: readonly DenseLayer[],
  x: Matrix,
  targets: Matrix,
  moved: Moved,
): number {
  const value = (l: number, part: 'weights' | 'bias', at: number): number =>
    layers[l]![part][at]! + (moved.layer === l && moved.part === part && moved.at === at ? moved.by : 0)
  let rows = x
  let asked = 0
  let logits = x
  layers.forEach((layer, l) => {
    const { inputs, outputs } = layer
    const read = rows
    logits = read.map((row) =>
      Array.from({ length: outputs }, (_, o) =>
        row.reduce((sum, cell, i) => sum + cell * value(l, 'weights', i * outputs + o), value(l, 'bias', o)),
      ),
    )
    rows = logits.map((row) => row.map((cell) => activated(cell, layer.activation.kind)))
    if (plan.penalty?.layer !== l) return
    const norms = Array.from({ length: outputs }, (_, o) => {
      let norm = 0
      for (let i = 0; i < inputs; i++) norm += value(l, 'weights', i * outputs + o) ** 2
      return norm
    })
    asked = penaltyOf(plan.penalty, rows, norms, layer.activation.kind)
    if (plan.penalty.kind === 'variational') rows = sampled(rows, plan.penalty.seed)
  })
  return lossOf(plan.loss ?? { kind: 'squared' }, rows, logits, targets) + asked
}

function activated(x: number, kind: string): number {
  if (kind === 'tanh') return Math.tanh(x)
  if (kind === 'sigmoid') return 1 / (1 + Math.exp(-x))
  if (kind === 'leaky-relu') return x > 0 ? x : 0.1 * x
  return x
}

function penaltyOf(penalty: Penalty, code: Matrix, norms: readonly number[], activation: string): number {
  const count = code.length
  const width = code[0]!.length
  const all = code.flat()
  switch (penalty.kind) {
    case 'sparse': {
      const { share, weight } = penalty
      let sum = 0
      for (let j = 0; j < width; j++) {
        const mean = code.reduce((total, row) => total + row[j]!, 0) / count
        sum += share * Math.log(share / mean) + (1 - share) * Math.log((1 - share) / (1 - mean))
      }
      return weight * sum
    }
    case 'absolute':
      return (penalty.weight * all.reduce((sum, h) => sum + Math.abs(h), 0)) / all.length
    case 'contractive': {
      const squares = code.map((row) =>
        row.reduce((sum, h, j) => sum + (activation === 'tanh' ? 1 - h * h : h * (1 - h)) ** 2 * norms[j]!, 0),
      )
      return (penalty.weight * squares.reduce((sum, each) => sum + each, 0)) / count
    }
    case 'variational': {
      let sum = 0
      for (const row of code)
        for (let j = 0; j < width / 2; j++) {
          const logVariance = Math.max(-10, Math.min(10, row[width / 2 + j]!))
          sum += Math.exp(logVariance) + row[j]! ** 2 - 1 - logVariance
        }
      return (penalty.weight * Math.min(1, 1 / penalty.warmupSteps) * sum) / (2 * count)
    }
    default:
      return penalty satisfies never
  }
}

function sampled(code: Matrix, seed: number): Matrix {
  const random = Random.derived(seed, 'noise 1')
  const half = code[0]!.length / 2
  return code.map((row) =>
    Array.from({ length: half }, (_, j) => {
      const logVariance = Math.max(-10, Math.min(10, row[half + j]!))
      return row[j]! + Math.exp(logVariance / 2) * random.normal()
    }),
  )
}

function lossOf(loss: Loss, outputs: Matrix, logits: Matrix, targets: Matrix): number {
  const cells = targets.length * targets[0]!.length
  const categories = loss.kind === 'mixed' ? loss.categories : []
  const isCategory = (j: number): boolean => categories.some(({ from, to }) => j >= from && j < to)
  let sum = 0
  targets.forEach((row, i) => {
    row.forEach((target, j) => {
      if (Number.isNaN(target) || isCategory(j)) return
      const y = outputs[i]![j]!
      const distance = Math.abs(y - target)
      if (loss.kind === 'cross-entropy') sum -= target * Math.log(y) + (1 - target) * Math.log(1 - y)
      else if (loss.kind === 'huber' && distance > loss.delta) sum += loss.delta * (2 * distance - loss.delta)
      else sum += distance * distance
    })
    for (const { from, to, weight } of categories) {
      const wanted = row.slice(from, to)
      const given = logits[i]!.slice(from, to)
      if (wanted.some(Number.isNaN)) continue
      if (to - from === 1) {
        const share = 1 / (1 + Math.exp(-given[0]!))
        sum -= weight * (wanted[0]! * Math.log(share) + (1 - wanted[0]!) * Math.log(1 - share))
        continue
      }
      const total = given.reduce((all, logit) => all + Math.exp(logit), 0)
      given.forEach((logit, k) => {
        sum -= weight * wanted[k]! * Math.log(Math.exp(logit) / total)
      })
    }
  })
  return sum / cells
}
