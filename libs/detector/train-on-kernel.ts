// Train on kernel: the training of a dense plan on our own kernel, with the same weights to begin with, the same batches,
// rates and losses as the training on TensorFlow (tensorflow/train-dense.ts), which is its oracle in tests: losses agree to
// four digits and more, and part only by rounding. A step costs its arithmetic; on TensorFlow it is mostly dispatch.

import { turn } from '../core/elementary.ts'
import { Failure } from '../core/failure.ts'
import { initialLayers } from './dense-plan.ts'
import { denseTrainer } from './dense-trainer.ts'
import type { DenseLayer } from './model.ts'
import type { Batches, DensePlan, Schedule, Trained } from './tensorflow/train-dense.ts'

const lossPoints = 20
/** Rows of one reconstruction. */
const passRows = 256

export function trainOnKernel(plan: DensePlan, batches: Batches, schedule: Schedule): Trained {
  const { batchRows } = batches
  const { steps, learningRate, weightDecay, seed, onStep } = schedule
  const width = plan.widths[0]!
  const trainer = denseTrainer(initialLayers(plan, seed), {
    rowsMax: batchRows,
    decay: weightDecay,
    loss: plan.loss ?? { kind: 'squared' },
    penalty: plan.penalty ?? null,
  })
  const inputs = new Float32Array(batchRows * width)
  const targets = new Float32Array(batchRows * width)
  const losses: number[] = []
  let sum = 0
  let count = 0
  for (let step = 1; step <= steps; step++) {
    batches.fill(inputs, targets)
    pad(inputs, width, trainer.input, trainer.stride)
    pad(targets, width, trainer.target, trainer.stride)
    const loss = trainer.step(batchRows, learningRate * (0.5 + 0.5 * turn(step / steps / 2, 'cos')))
    if (!Number.isFinite(loss)) throw new Failure('training-failed', `the loss is not finite at step ${step}`)
    sum += loss
    count++
    if (step * lossPoints >= (losses.length + 1) * steps) {
      losses.push(sum / count)
      sum = 0
      count = 0
    }
    onStep?.(step, loss)
  }
  const layers = trainer.layers()
  for (const [l, { weights, bias }] of layers.entries()) {
    if (weights.every(Number.isFinite) && bias.every(Number.isFinite)) continue
    throw new Failure('training-failed', `layer ${l} has weights that are not finite`)
  }
  return { layers, losses }
}

/** Reconstructions of `count` rows by a trained network, as the reconstruction on TensorFlow gives them. */
export function reconstructOnKernel(layers: readonly DenseLayer[], rows: Float32Array, count: number): Float32Array {
  const width = layers[0]!.inputs
  const runner = denseTrainer(layers, { rowsMax: passRows, decay: 0 })
  const out = new Float32Array(count * width)
  for (let from = 0; from < count; from += passRows) {
    const size = Math.min(passRows, count - from)
    pad(rows.subarray(from * width, (from + size) * width), width, runner.input, runner.stride)
    runner.loss(size)
    for (let row = 0; row < size; row++) {
      const at = row * runner.stride
      out.set(runner.output.subarray(at, at + width), (from + row) * width)
    }
  }
  return out
}

/** Rows of `width` values into rows of `stride`. */
function pad(rows: Float32Array, width: number, padded: Float32Array, stride: number): void {
  if (width === stride) {
    padded.set(rows)
    return
  }
  for (let from = 0, to = 0; from < rows.length; from += width, to += stride) {
    for (let c = 0; c < width; c++) padded[to + c] = rows[from + c]!
  }
}
