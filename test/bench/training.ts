// Training: milliseconds of processor time for 20 epochs over 50,000 rows of 30 columns, a narrow network in batches of 256,
// by our kernel. Beside it the same rows by the WebAssembly backend of TensorFlow.js, through the door that trains
// other kinds, and the layers' products at the 128-bit ceiling.
// TensorFlow trains one epoch a round, multiplied by 20: an epoch costs the same whichever it is.
// Not measured: scaling, shuffling, noise, calibration.

import { denseTrainer } from '../../libs/detector/dense-trainer.ts'
import type { DenseLayer } from '../../libs/detector/model.ts'
import { trainDense } from '../../libs/detector/tensorflow/train-dense.ts'
import { sampleModel, sampleRows } from '../detector/sample-model.ts'
import { ceiling } from './ceiling.ts'
import { atMost, cpuUs, type Figure, figure, inTurn, least, type Size, took } from './figure.ts'

const ROWS = 50_000
const BATCH_ROWS = 256
const EPOCHS = 20
const STEPS = Math.floor(ROWS / BATCH_ROWS)
const WARM_STEPS = 20
const SEED = 7
const RATE = 1e-3
const BUDGET_MS = 1000
const CEILING_ROUNDS = 50
const WIDTHS = [30, 16, 8, 16, 30]
const WIDTH = 30

/** Copies rows into a batch whose rows begin `stride` values apart. */
type Put = (into: Float32Array, from: number, stride: number) => void

export async function training(size: Size): Promise<readonly Figure[]> {
  const model = sampleModel({
    widths: WIDTHS,
    activation: { kind: 'leaky-relu', alpha: 0.1 },
    scoring: 'error-over-train',
    members: 1,
    seed: SEED,
  })
  const layers = model.members[0]!.layers
  const data = sampleRows(model, ROWS, 0, SEED)
  const put: Put = (into, from, stride) => {
    for (let row = 0; row < BATCH_ROWS; row++)
      for (let c = 0; c < WIDTH; c++) into[row * stride + c] = data[(from + row) * WIDTH + c]!
  }
  const own = ourTraining(layers, put)
  for (let i = 0; i < 3; i++) own()
  await tensorflowUs(layers, put, WARM_STEPS)
  const allEpochs = (): number => {
    let us = 0
    for (let i = 0; i < EPOCHS; i++) us += took(cpuUs, own)
    return us / 1000
  }
  const tensorflow = async (): Promise<number> => ((await tensorflowUs(layers, put, STEPS)) * EPOCHS) / 1000
  const { value, floor } = await inTurn(size === 'full' ? 3 : 1, 0, allEpochs, tensorflow)
  const ceilingRound = await ceiling()
  const usPerFlop = least(Array.from({ length: CEILING_ROUNDS }, ceilingRound))
  const shown = {
    name: 'train 30-16-8-16-30, 50,000 rows, 20 epochs',
    value,
    unit: 'ms of one core',
    notMeasured: 'scaling, shuffling, noise, calibration',
  }
  return [
    figure({
      ...shown,
      floor,
      floorName: 'TensorFlow.js, WebAssembly backend: one epoch × 20',
      budgets: [atMost('value', BUDGET_MS)],
    }),
    figure({
      ...shown,
      floor: (flopsOf(layers) * STEPS * BATCH_ROWS * EPOCHS * usPerFlop) / 1000,
      floorName: 'its products at the 128-bit mul+add ceiling',
    }),
  ]
}

/** Forward, gradients of weights, gradients of inputs: three products a layer, but only two for the first. */
function flopsOf(layers: readonly DenseLayer[]): number {
  return layers.reduce((sum, { inputs, outputs }, i) => sum + (i === 0 ? 2 : 3) * 2 * inputs * outputs, 0)
}

/** An epoch. */
function ourTraining(layers: readonly DenseLayer[], put: Put): () => void {
  const trainer = denseTrainer(layers, { rowsMax: BATCH_ROWS, decay: 0 })
  const { input, target, stride } = trainer
  return () => {
    for (let step = 0; step < STEPS; step++) {
      put(input, step * BATCH_ROWS, stride)
      put(target, step * BATCH_ROWS, stride)
      trainer.step(BATCH_ROWS, RATE)
    }
  }
}

async function tensorflowUs(layers: readonly DenseLayer[], put: Put, steps: number): Promise<number> {
  const plan = { widths: WIDTHS, activations: layers.map(({ activation }) => activation) }
  let step = 0
  const batches = {
    batchRows: BATCH_ROWS,
    fill: (inputs: Float32Array, targets: Float32Array): void => {
      put(inputs, step * BATCH_ROWS, WIDTH)
      targets.set(inputs)
      step++
    },
  }
  const begin = cpuUs()
  await trainDense('wasm', plan, batches, { steps, learningRate: RATE, weightDecay: 0, seed: SEED })
  return cpuUs() - begin
}
