// Train on kernel: TensorFlow is the oracle. From the same seed and batches both give the same losses to four digits.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { type Batches, trainDense } from '../../libs/detector/tensorflow/train-dense.ts'
import { trainOnKernel } from '../../libs/detector/train-on-kernel.ts'

const seed = 21
const width = 10
const batchRows = 32

function batches(): Batches {
  const random = Random.derived(seed, 'batches')
  return {
    batchRows,
    fill: (inputs, targets) => {
      for (let row = 0; row < batchRows; row++) {
        const [a, b] = [random.normal(), random.normal()]
        for (let c = 0; c < width; c++) {
          const value = a * (c % 3) * 0.5 + b * (c % 2) + 0.1 * random.normal()
          const at = row * width + c
          const missing = random.uniform() < 0.02
          inputs[at] = missing || random.uniform() < 0.1 ? 0 : value
          targets[at] = missing ? Number.NaN : value
        }
      }
    },
  }
}

for (const kind of ['tanh', 'sigmoid', 'relu'] as const) {
  test(`${kind}: losses and weights agree with those of TensorFlow`, async () => {
    const plan = {
      widths: [width, 8, 3, 8, width],
      activations: [{ kind }, { kind: 'linear' }, { kind: 'leaky-relu', alpha: 0.1 }, { kind: 'linear' }],
    } as const
    const schedule = { steps: 100, learningRate: 0.01, weightDecay: 1e-4, seed }
    const ours = trainOnKernel(plan, batches(), schedule)
    const oracle = await trainDense('cpu', plan, batches(), schedule)
    assert.equal(ours.losses.length, oracle.losses.length)
    ours.losses.forEach((loss, i) => {
      assert.ok(Math.abs(loss / oracle.losses[i]! - 1) < 1e-4, `part ${i}: ${loss} for ${oracle.losses[i]}`)
    })
    ours.layers.forEach((layer, l) => {
      layer.weights.forEach((weight, i) => {
        assert.ok(Math.abs(weight - oracle.layers[l]!.weights[i]!) < 2e-3, `layer ${l} weight ${i}`)
      })
    })
    assert.deepEqual(trainOnKernel(plan, batches(), schedule), ours)
  })
}
