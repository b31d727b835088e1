import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../../libs/core/failure.ts'
import { Random } from '../../../libs/core/random.ts'
import type { Activation } from '../../../libs/detector/model.ts'
import { type BackendName, nativeAbsent, useBackend } from '../../../libs/detector/tensorflow/backend.ts'
import { reconstruct } from '../../../libs/detector/tensorflow/reconstruct.ts'
import {
  type Batches,
  type DensePlan,
  lossAndGradients,
  type Trained,
  trainDense,
} from '../../../libs/detector/tensorflow/train-dense.ts'

const nativeReason = await nativeAbsent()
const backends: readonly { name: BackendName; skip: string | false }[] = [
  { name: 'wasm', skip: false },
  { name: 'cpu', skip: false },
  { name: 'node', skip: nativeReason === null ? false : `native backend absent: ${nativeReason}` },
]
const straight: Activation = { kind: 'linear' }
const leak: Activation = { kind: 'leaky-relu', alpha: 0.1 }
const width = 5
const plan: DensePlan = { widths: [width, 8, 2, width], activations: [leak, straight, straight] }

function numbers(length: number, seed: number): Float32Array {
  const random = new Random(seed)
  return Float32Array.from({ length }, () => random.normal())
}

/** Rows on a plane: two numbers decide all five columns. */
function rowsOnAPlane(seed: number): Batches {
  const random = new Random(seed)
  return {
    batchRows: 64,
    fill: (inputs, targets) => {
      for (let i = 0; i < 64; i++) {
        const [a, b] = [random.normal(), random.normal()]
        for (let j = 0; j < width; j++) inputs[i * width + j] = a * Math.sin(j + 1) + b * Math.cos(3 * j)
      }
      targets.set(inputs)
    },
  }
}

async function trained(name: BackendName, seed: number, steps = 300): Promise<Trained> {
  const schedule = { steps, learningRate: 1e-2, weightDecay: 1e-5, seed }
  return trainDense(name, plan, rowsOnAPlane(5), schedule)
}

for (const { name, skip } of backends) {
  for (const kind of ['linear', 'relu', 'leaky-relu', 'tanh', 'sigmoid'] as const) {
    test(`${name}: the gradient through ${kind} is the slope of the loss`, { skip }, async () => {
      await useBackend(name)
      const activation: Activation = kind === 'leaky-relu' ? leak : { kind }
      const small: DensePlan = { widths: [3, 4, 3], activations: [activation, straight] }
      const weights = [numbers(12, 1), numbers(12, 2)]
      const biases = [numbers(4, 3), numbers(3, 4)]
      const [inputs, targets] = [numbers(30, 5), numbers(30, 6)]
      targets[7] = Number.NaN
      const at = (): number => lossAndGradients(small, weights, biases, inputs, targets).loss
      const { gradients } = lossAndGradients(small, weights, biases, inputs, targets)
      const step = 2e-3
      for (const [values, slopes] of [
        [weights[0]!, gradients.weights[0]!],
        [weights[1]!, gradients.weights[1]!],
        [biases[0]!, gradients.biases[0]!],
        [biases[1]!, gradients.biases[1]!],
      ] as const) {
        for (let i = 0; i < values.length; i++) {
          const kept = values[i]!
          values[i] = kept + step
          const above = at()
          values[i] = kept - step
          const slope = (above - at()) / (2 * step)
          values[i] = kept
          assert.ok(Math.abs(slope - slopes[i]!) < 2e-3 * (1 + Math.abs(slope)), `${i}: ${slopes[i]} for ${slope}`)
        }
      }
    })
  }

  test(`${name}: a plane is learned, with the same bits each time and others for another seed`, { skip }, async () => {
    const first = await trained(name, 1)
    assert.ok(first.losses.at(-1)! < 0.05 * first.losses[0]!, `losses ${first.losses.join(' ')}`)
    assert.equal(first.losses.length, 20)
    assert.deepEqual((await trained(name, 1)).layers, first.layers)
    assert.notDeepEqual((await trained(name, 2, 20)).layers, (await trained(name, 1, 20)).layers)
  })

  test(`${name}: a loss that is not finite ends the training`, { skip }, async () => {
    const broken: Batches = { batchRows: 4, fill: (inputs, targets) => void targets.set(inputs.fill(3e38)) }
    const schedule = { steps: 5, learningRate: 1e-3, weightDecay: 0, seed: 1 }
    const failed = (thrown: unknown): boolean => thrown instanceof Failure && thrown.code === 'training-failed'
    await assert.rejects(trainDense(name, plan, broken, schedule), failed)
  })

  test(`${name}: reconstruction in passes equals reconstruction of each part`, { skip }, async () => {
    const { layers } = await trained(name, 1, 20)
    const rows = numbers(5000 * width, 9)
    const whole = await reconstruct(name, layers, rows, 5000)
    const part = await reconstruct(name, layers, rows.subarray(4500 * width), 500)
    for (let i = 0; i < part.length; i++) assert.ok(Math.abs(part[i]! - whole[4500 * width + i]!) < 1e-5)
  })
}

test('backends agree to four digits on the loss', async () => {
  const wasm = await trained('wasm', 1, 60)
  const cpu = await trained('cpu', 1, 60)
  for (const [i, loss] of wasm.losses.entries()) assert.ok(Math.abs(loss / cpu.losses[i]! - 1) < 1e-4)
})
