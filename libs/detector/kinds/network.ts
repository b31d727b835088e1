// Network: one dense autoencoder trained on scaled rows and scored by its residuals. What the kinds differ in is how the
// inputs of a step are spoilt; the target is always the clean row, and a missing value costs nothing.

import { Random } from '../../core/random.ts'
import type { Loss } from '../loss.ts'
import type { Activation, DenseLayer, DenseMember } from '../model.ts'
import type { Batches, DensePlan } from '../tensorflow/train-dense.ts'
import { trainNetwork } from '../training.ts'
import { filled, type KindOptions, type TrainingRows } from './kind.ts'
import { objectiveOf, restore, targetsOf } from './objective.ts'
import { scoringOf } from './scoring.ts'
import type { Size } from './size.ts'

/** Spoils one input row, `cells[at, at + width)`, in place. */
export type Spoil = (cells: Float32Array, at: number, width: number) => void

export const leak = { kind: 'leaky-relu', alpha: 0.1 } as const
export const straight = { kind: 'linear' } as const
const straightRate = 1e-3
const weightDecay = 1e-5

export interface Network {
  readonly member: DenseMember
  /** Of a code that is a cloud, what gives its log-variances. */
  readonly spread: DenseLayer | null
  readonly backend: string
  readonly losses: readonly number[]
}

/** What is trained: a plan, and how long. */
export interface Design extends Pick<Size, 'batchRows' | 'steps'> {
  readonly plan: DensePlan
  readonly learningRate?: number
}

/** A hidden layer on each side of the code. */
export function hourglass(width: number, { hidden, code, batchRows, steps }: Size): Design {
  const plan = { widths: [width, hidden, code, hidden, width], activations: [leak, straight, leak, straight] }
  return { plan, batchRows, steps }
}

export async function network(
  rows: TrainingRows,
  design: Design,
  spoil: Spoil,
  options: KindOptions,
): Promise<Network> {
  const { width, count } = rows
  const { batchRows, steps } = design
  const objective = objectiveOf(options.loss, rows, options)
  const plan = { ...design.plan, loss: objective.loss, activations: ending(design.plan.activations, objective.loss) }
  const { layers, spread, losses, backend, reconstruct } = await trainNetwork(
    options.backend,
    plan,
    batches(rows, batchRows, options.seed, spoil, targetsOf(rows, objective.shares)),
    {
      steps,
      learningRate: design.learningRate ?? straightRate,
      weightDecay,
      seed: options.seed,
      onStep: (step, loss) => options.onProgress(step / steps, loss),
    },
  )
  const present = filled(rows)
  const residuals = await reconstruct(present, count)
  restore(residuals, width, objective)
  for (let i = 0; i < residuals.length; i++) {
    residuals[i] = Number.isNaN(rows.rows[i]!) ? 0 : present[i]! - residuals[i]!
  }
  const scoring = scoringOf(residuals, rows)
  const member = { kind: 'dense', layers: serving(layers, objective.loss), scoring } as const
  return {
    member: objective.shares === null ? member : { ...member, shares: objective.shares },
    spread,
    backend,
    losses,
  }
}

/** A cross-entropy is trained through a sigmoid, */
function ending(activations: readonly Activation[], loss: Loss): readonly Activation[] {
  return loss.kind === 'cross-entropy' ? [...activations.slice(0, -1), { kind: 'sigmoid' }] : activations
}

/** which the shares of the member take over. */
function serving(layers: readonly DenseLayer[], loss: Loss): readonly DenseLayer[] {
  const last = layers.at(-1)
  if (loss.kind !== 'cross-entropy' || last === undefined) return layers
  return [...layers.slice(0, -1), { ...last, activation: straight }]
}

/** Contiguous runs of a permutation of the rows, which is drawn anew when it is used up. */
export function batches(
  { rows, count, width }: TrainingRows,
  batchRows: number,
  seed: number,
  spoil: Spoil,
  wanted = rows,
): Batches {
  const random = Random.derived(seed, 'order')
  const present = filled({ rows, count, width })
  const order = Int32Array.from({ length: count }, (_, i) => i)
  let position = count
  return {
    batchRows,
    fill: (inputs, targets) => {
      if (position + batchRows > count) {
        random.shuffle(order)
        position = 0
      }
      for (let i = 0; i < batchRows; i++) {
        const from = order[position + i]! * width
        const to = i * width
        for (let j = 0; j < width; j++) {
          targets[to + j] = wanted[from + j]!
          inputs[to + j] = present[from + j]!
        }
        spoil(inputs, to, width)
      }
      position += batchRows
    },
  }
}
