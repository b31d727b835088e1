// Losses and penalties: gradients of both trainers against central differences of the definitions in float64; the curves of
// both against each other.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { initialLayers, servingLayers } from '../../libs/detector/dense-plan.ts'
import { denseTrainer } from '../../libs/detector/dense-trainer.ts'
import type { Activation, DenseLayer } from '../../libs/detector/model.ts'
import { useBackend } from '../../libs/detector/tensorflow/backend.ts'
import {
  type Batches,
  type DensePlan,
  lossAndGradients,
  trainDense,
} from '../../libs/detector/tensorflow/train-dense.ts'
import { trainOnKernel } from '../../libs/detector/train-on-kernel.ts'
import { objective } from './objectives.ts'

const seed = Number(process.env['SEED'] ?? 5)
const width = 9
const rows = 11
const leak: Activation = { kind: 'leaky-relu', alpha: 0.1 }
const straight: Activation = { kind: 'linear' }
const curved: Activation = { kind: 'sigmoid' }
const bent: Activation = { kind: 'tanh' }

const deep = (code: Activation, end: Activation): Pick<DensePlan, 'widths' | 'activations'> => ({
  widths: [width, 12, 6, 10, width],
  activations: [leak, code, leak, end],
})
const flat = (code: Activation): Pick<DensePlan, 'widths' | 'activations'> => ({
  widths: [width, 6, 10, width],
  activations: [code, leak, straight],
})
const categories = [
  { from: 2, to: 5, weight: 0.7 },
  { from: 6, to: 7, weight: 1.3 },
]
const plans: Readonly<Record<string, DensePlan>> = {
  'sparse, by divergence': {
    ...deep(curved, straight),
    penalty: { kind: 'sparse', layer: 1, weight: 0.2, share: 0.05 },
  },
  'sparse, absolute': { ...deep(bent, straight), penalty: { kind: 'absolute', layer: 1, weight: 0.5 } },
  'contractive, sigmoid': { ...flat(curved), penalty: { kind: 'contractive', layer: 0, weight: 0.3 } },
  'contractive, tanh': { ...flat(bent), penalty: { kind: 'contractive', layer: 0, weight: 0.3 } },
  variational: {
    ...deep(straight, straight),
    penalty: { kind: 'variational', layer: 1, weight: 0.4, warmupSteps: 2, seed: 8 },
  },
  huber: { ...deep(straight, straight), loss: { kind: 'huber', delta: 0.8 } },
  'cross-entropy': { ...deep(straight, curved), loss: { kind: 'cross-entropy' } },
  mixed: { ...deep(straight, straight), loss: { kind: 'mixed', categories } },
}

interface Batch {
  readonly inputs: Float32Array
  readonly targets: Float32Array
}

/** Targets within [0, 1] where the loss asks for it, of one category in each group, and some not observed. */
function batch(plan: DensePlan, count: number, random: Random): Batch {
  const inputs = Float32Array.from({ length: count * width }, () => random.normal())
  const shares = plan.loss?.kind === 'cross-entropy'
  const targets = inputs.map((x) => (shares ? Math.min(1, Math.max(0, Math.round(2 * x) / 2)) : 2 * x))
  for (let row = 0; row < count; row++) {
    for (const { from, to } of plan.loss?.kind === 'mixed' ? plan.loss.categories : []) {
      targets.fill(0, row * width + from, row * width + to)
      const chosen = random.integer(to - from + 1)
      if (chosen < to - from) targets[row * width + from + chosen] = 1
    }
    if (random.uniform() < 0.3) targets[row * width + random.integer(width)] = Number.NaN
  }
  return { inputs, targets }
}

function started(plan: DensePlan): DenseLayer[] {
  const random = Random.derived(seed, 'biases')
  return initialLayers(plan, seed).map((layer) => ({ ...layer, bias: layer.bias.map(() => 0.3 * random.normal()) }))
}

function matrix(values: Float32Array): number[][] {
  return Array.from({ length: values.length / width }, (_, i) => [...values.subarray(i * width, (i + 1) * width)])
}

function held(
  found: readonly (readonly Float32Array[])[],
  wanted: (moved: { layer: number; part: 'weights' | 'bias'; at: number; by: number }) => number,
): void {
  found.forEach((parts, layer) => {
    for (const [p, part] of (['weights', 'bias'] as const).entries()) {
      const slopes = parts[p]!
      const largest = slopes.reduce((max, slope) => Math.max(max, Math.abs(slope)), 0)
      assert.ok(largest > 0, `layer ${layer} ${part}: all gradients are 0`)
      slopes.forEach((slope, at) => {
        const moved = (by: number): number => wanted({ layer, part, at, by })
        const expected = (moved(1e-5) - moved(-1e-5)) / 2e-5
        assert.ok(
          Math.abs(slope - expected) <= 1e-4 * largest,
          `layer ${layer} ${part} ${at}: ${slope} for ${expected}`,
        )
      })
    }
  })
}

for (const [name, plan] of Object.entries(plans)) {
  test(`${name}: gradients agree with central differences to 1 in 10,000 of the largest, on both trainers`, async () => {
    const layers = started(plan)
    const { inputs, targets } = batch(plan, rows, Random.derived(seed, name))
    const wanted = (moved: Parameters<typeof objective>[4]): number =>
      objective(plan, layers, matrix(inputs), matrix(targets), moved)
    const trainer = denseTrainer(layers, {
      rowsMax: 16,
      decay: 0,
      loss: plan.loss ?? { kind: 'squared' },
      penalty: plan.penalty ?? null,
    })
    for (let row = 0; row < rows; row++) {
      trainer.input.set(inputs.subarray(row * width, (row + 1) * width), row * trainer.stride)
      trainer.target.set(targets.subarray(row * width, (row + 1) * width), row * trainer.stride)
    }
    const still = wanted({ layer: -1, part: 'bias', at: 0, by: 0 })
    assert.ok(Math.abs(trainer.loss(rows) / still - 1) < 1e-5, `${trainer.loss(rows)} for ${still}`)
    held(
      trainer.gradients(rows).map((layer) => [layer.weights, layer.bias]),
      wanted,
    )
    await useBackend('wasm')
    const parts = [layers.map((layer) => layer.weights), layers.map((layer) => layer.bias)] as const
    const { loss, gradients } = lossAndGradients(plan, ...parts, inputs, targets)
    assert.ok(Math.abs(loss / still - 1) < 1e-5, `${loss} for ${still}`)
    held(
      gradients.weights.map((slopes, l) => [slopes, gradients.biases[l]!]),
      wanted,
    )
  })

  test(`${name}: the curve and the network of the kernel are those of TensorFlow, to the bit each time`, async () => {
    const batches = (): Batches => {
      const random = Random.derived(seed, 'batches')
      return {
        batchRows: 32,
        fill: (inputs, targets) => {
          const next = batch(plan, 32, random)
          inputs.set(next.inputs)
          targets.set(next.targets)
        },
      }
    }
    const schedule = { steps: 60, learningRate: 0.01, weightDecay: 1e-4, seed }
    const ours = trainOnKernel(plan, batches(), schedule)
    const oracle = await trainDense('wasm', plan, batches(), schedule)
    ours.losses.forEach((loss, i) => {
      assert.ok(Math.abs(loss / oracle.losses[i]! - 1) < 1e-4, `part ${i}: ${loss} for ${oracle.losses[i]}`)
    })
    ours.layers.forEach((layer, l) => {
      layer.weights.forEach((weight, i) => {
        assert.ok(Math.abs(weight - oracle.layers[l]!.weights[i]!) < 2e-3, `layer ${l} weight ${i}`)
      })
    })
    assert.deepEqual(trainOnKernel(plan, batches(), schedule), ours)
    assert.ok(ours.losses.at(-1)! < ours.losses[0]!, 'something is learnt')
  })
}

test('a code of means and log-variances serves by its means alone', () => {
  const plan = plans['variational']!
  const layers = servingLayers(plan, initialLayers(plan, seed))
  assert.deepEqual(
    layers.map(({ inputs, outputs }) => [inputs, outputs]),
    [
      [9, 12],
      [12, 3],
      [3, 10],
      [10, 9],
    ],
  )
  const full = initialLayers(plan, seed)[1]!
  for (let i = 0; i < 12; i++)
    for (let o = 0; o < 3; o++) assert.equal(layers[1]!.weights[i * 3 + o], full.weights[i * 6 + o])
})
