// Sequence network: autoencoders of layers over the steps of windows, trained on scaled rows and scored by their residuals,
// as network.ts is for plain rows. Inputs are spoilt while it learns: noise everywhere, and of some windows a share of the
// cells, of the channels or of the steps is hidden (0 = the column's mean), so that it knows what to expect of what it does
// not see; the target is always the clean row, and a missing value costs nothing.
// Training is bounded by its work: wide or long windows see fewer and smaller batches.

import { Failure } from '../../core/failure.ts'
import { Random } from '../../core/random.ts'
import type { Loss } from '../loss.ts'
import type { Member, SequenceMember } from '../model.ts'
import type { Products } from '../sequence/products.ts'
import { reconstructSequence, trainSequence } from '../sequence/train.ts'
import { type LayerForm, workOf } from '../sequence.ts'
import { productsOf } from '../training.ts'
import { alike, type Fitted, filled, type KindOptions, type TrainingRows } from './kind.ts'
import { linearMember } from './linear.ts'
import { batches, type Spoil } from './network.ts'
import { noiseFrom } from './noise.ts'
import { objectiveOf } from './objective.ts'
import { scoringOf, whitenedWidthMax } from './scoring.ts'
import { sizeOf } from './size.ts'

const weightDecay = 1e-5
/** Multiply-adds of one fit, forward and back, and what is done of it at least. */
const workMax = 6e9
const stepsMin = 100
const batchRowsMin = 16
/** Rows whose residuals make the scoring of a network, where there are more. */
const scoredRowsMin = 2000
const scoredRowsPerColumn = 4
/** Of forward and back together, in forward passes. */
const passesOfStep = 3

/** Standard deviation of the noise, in scaled units. */
const noise = 0.1
const hiddenRowShare = 0.3
const hiddenShareMin = 0.1
const hiddenShareMax = 0.5

export interface SequenceDesign {
  readonly name: string
  readonly forms: readonly LayerForm[]
  /** Steps of its training at most. */
  readonly stepsMax: number
  readonly learningRate: number
  /** Steps of every window that are hidden while it learns. */
  readonly hiddenStepShare: number
  /** Multiply-adds of its training, where it is worth other than those of most. */
  readonly workMax?: number
}

/** The networks and, where rows are narrow enough for it, the linear member. */
export async function fitSequence(
  rows: TrainingRows,
  designs: readonly SequenceDesign[],
  options: KindOptions,
): Promise<Fitted> {
  const steadying: Member[] = rows.width <= whitenedWidthMax ? [linearMember(rows)] : []
  if (rows.width === 1) return { members: steadying, together: alike, backend: 'none', losses: [] }
  const products = await productsOf(options.backend, rows.width)
  const trained = designs.map((design, i) => {
    const seed = Random.derived(options.seed, design.name).bits()
    const onProgress = (share: number, loss: number): void => options.onProgress((i + share) / designs.length, loss)
    return network(rows, design, products, { ...options, seed, onProgress })
  })
  return {
    members: [...trained.map(({ member }) => member), ...steadying],
    together: alike,
    backend: products.name,
    losses: trained.map(({ losses }) => losses),
  }
}

interface Network {
  readonly member: SequenceMember
  readonly losses: readonly number[]
}

function network(rows: TrainingRows, design: SequenceDesign, products: Products, options: KindOptions): Network {
  const { width, count } = rows
  const { forms } = design
  const size = trainingSize(forms, Math.min(design.stepsMax, sizeOf(count, width).steps), count, design.workMax)
  const { layers, losses } = trainSequence(
    products,
    forms,
    batches(rows, size.batchRows, options.seed, spoiling(design, options.seed)),
    {
      steps: size.steps,
      learningRate: design.learningRate,
      weightDecay,
      seed: options.seed,
      onStep: (step, loss) => options.onProgress(step / size.steps, loss),
    },
    lossOf(rows, options),
  )
  const some = spread(rows)
  const present = filled(some)
  const residuals = reconstructSequence(products, layers, present, some.count)
  for (let i = 0; i < residuals.length; i++) {
    residuals[i] = Number.isNaN(some.rows[i]!) ? 0 : present[i]! - residuals[i]!
  }
  const scoring = scoringOf(residuals, some)
  return { member: { kind: 'sequence', layers, scoring }, losses }
}

/** Every k-th row, so many as a scoring needs: windows overlap, and reconstructing all of them takes as long as learning. */
function spread({ rows, count, width }: TrainingRows): TrainingRows {
  const every = Math.max(1, Math.floor(count / Math.max(scoredRowsMin, scoredRowsPerColumn * width)))
  if (every === 1) return { rows, count, width }
  const kept = Math.floor(count / every)
  const out = new Float32Array(kept * width)
  for (let i = 0; i < kept; i++) out.set(rows.subarray(i * every * width, (i * every + 1) * width), i * width)
  return { rows: out, count: kept, width }
}

/** Losses that make shares of outputs are for plain rows. */
function lossOf(rows: TrainingRows, options: KindOptions): Loss {
  const { loss, shares } = objectiveOf(options.loss, rows, options)
  if (shares === null) return loss
  throw new Failure('usage', `the loss ${options.loss} is not for kinds that learn from windows: squared or huber is`)
}

interface TrainingSize {
  readonly batchRows: number
  readonly steps: number
}

export function trainingSize(
  forms: readonly LayerForm[],
  stepsMax: number,
  count: number,
  work = workMax,
): TrainingSize {
  const ofRow = passesOfStep * forms.reduce((sum, form) => sum + workOf(form), 0)
  const ofBatch = work / ofRow / stepsMin
  const batchRows = Math.min(count, 64, Math.max(batchRowsMin, Math.floor(ofBatch)))
  const steps = Math.min(stepsMax, Math.max(stepsMin, Math.floor(work / ofRow / batchRows)))
  return { batchRows, steps }
}

function spoiling({ forms, hiddenStepShare }: SequenceDesign, seed: number): Spoil {
  const { steps, channels } = forms[0]!.input
  const random = Random.derived(seed, 'noise')
  const add = noiseFrom(random, noise)
  const hideSteps = (cells: Float32Array, at: number, share: number): void => {
    for (let t = 0; t < steps; t++)
      if (random.uniform() < share) cells.fill(0, at + t * channels, at + (t + 1) * channels)
  }
  return (cells, at, width) => {
    add(cells, at, width)
    if (hiddenStepShare > 0) hideSteps(cells, at, hiddenStepShare)
    if (random.uniform() >= hiddenRowShare) return
    const share = hiddenShareMin + (hiddenShareMax - hiddenShareMin) * random.uniform()
    const limit = share * 2 ** 32
    if (channels === 1 || random.uniform() < 0.5) {
      for (let j = 0; j < width; j++) if (random.bits() < limit) cells[at + j] = 0
      return
    }
    for (let c = 0; c < channels; c++) {
      if (random.bits() >= limit) continue
      for (let j = c; j < width; j += channels) cells[at + j] = 0
    }
  }
}
