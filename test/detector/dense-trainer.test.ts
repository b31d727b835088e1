// Dense trainer: gradients against central differences in float64, Adam against its definition, learning of a planted
// structure, the same bits for the same steps.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { denseTrainer } from '../../libs/detector/dense-trainer.ts'
import type { Activation, DenseLayer } from '../../libs/detector/model.ts'
import { sampleModel } from './sample-model.ts'

const seed = Number(process.env['SEED'] ?? 3)
const activations: readonly Activation[] = [
  { kind: 'linear' },
  { kind: 'relu' },
  { kind: 'leaky-relu', alpha: 0.1 },
  { kind: 'tanh' },
  { kind: 'sigmoid' },
]

function stack(widths: readonly number[], activation: Activation): readonly DenseLayer[] {
  const model = sampleModel({ widths, activation, scoring: 'error-over-train', members: 1, seed })
  return model.members[0]!.layers
}

function fill(values: Float32Array, stride: number, width: number, rows: number, next: () => number): void {
  for (let row = 0; row < rows; row++) for (let c = 0; c < width; c++) values[row * stride + c] = next()
}

/** The loss in float64, with one parameter moved. */
function loss(
  layers: readonly DenseLayer[],
  input: Float32Array,
  target: Float32Array,
  stride: number,
  rows: number,
  moved: { readonly layer: number; readonly part: 'weights' | 'bias'; readonly at: number; readonly by: number },
): number {
  const width = layers[0]!.inputs
  let sum = 0
  for (let row = 0; row < rows; row++) {
    let h = Array.from(input.subarray(row * stride, row * stride + width))
    layers.forEach((layer, l) => {
      const value = (part: 'weights' | 'bias', at: number): number =>
        layer[part][at]! + (moved.layer === l && moved.part === part && moved.at === at ? moved.by : 0)
      const before = h
      h = Array.from(layer.bias, (_, o) => {
        const x = before.reduce((total, y, i) => total + y * value('weights', i * layer.outputs + o), value('bias', o))
        const { activation } = layer
        if (activation.kind === 'tanh') return Math.tanh(x)
        if (activation.kind === 'sigmoid') return 1 / (1 + Math.exp(-x))
        if (activation.kind === 'linear') return x
        if (activation.kind === 'leaky-relu') return x > 0 ? x : x * activation.alpha
        return Math.max(0, x)
      })
    })
    for (let c = 0; c < width; c++) sum += (h[c]! - target[row * stride + c]!) ** 2
  }
  return sum / (rows * width)
}

for (const activation of activations) {
  test(`${activation.kind}: gradients agree with central differences to 1 in 10,000 of the largest`, () => {
    const layers = stack([7, 10, 3, 9, 7], activation)
    const trainer = denseTrainer(layers, { rowsMax: 16, decay: 0 })
    const random = Random.derived(seed, 'gradients')
    const rows = 13
    fill(trainer.input, trainer.stride, 7, rows, () => random.normal())
    fill(trainer.target, trainer.stride, 7, rows, () => random.normal())
    const gradients = trainer.gradients(rows)
    const { input, target, stride } = trainer
    layers.forEach((layer, l) => {
      for (const part of ['weights', 'bias'] as const) {
        const found = gradients[l]![part]
        const largest = found.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
        assert.ok(largest > 0, `layer ${l} ${part}: all gradients are 0`)
        for (let at = 0; at < layer[part].length; at++) {
          const moved = (by: number): number => loss(layers, input, target, stride, rows, { layer: l, part, at, by })
          const wanted = (moved(1e-5) - moved(-1e-5)) / 2e-5
          assert.ok(
            Math.abs(found[at]! - wanted) <= 1e-4 * largest,
            `layer ${l} ${part} ${at}: ${found[at]} for ${wanted}`,
          )
        }
      }
    })
  })
}

test('a sigmoid output gives its padded columns no gradient', () => {
  const [first, second] = stack([5, 3, 5], { kind: 'tanh' })
  const layers = [first!, { ...second!, activation: { kind: 'sigmoid' } as const }]
  const trainer = denseTrainer(layers, { rowsMax: 8, decay: 0 })
  fill(trainer.input, trainer.stride, 5, 8, () => 0.5)
  fill(trainer.target, trainer.stride, 5, 8, () => 0.25)
  const before = loss(layers, trainer.input, trainer.target, trainer.stride, 8, {
    layer: -1,
    part: 'bias',
    at: 0,
    by: 0,
  })
  assert.ok(Math.abs(trainer.loss(8) - before) < 1e-6)
  for (let i = 0; i < 500; i++) trainer.step(8, 0.02)
  assert.ok(trainer.loss(8) < before / 100, `${trainer.loss(8)}`)
})

test('a step is that of Adam with decay, by its definition', () => {
  const layers = stack([4, 2, 4], { kind: 'tanh' })
  const trainer = denseTrainer(layers, { rowsMax: 4, decay: 1e-3 })
  const random = Random.derived(seed, 'adam')
  let weights = Float64Array.from(layers[0]!.weights)
  const [m, v] = [new Float64Array(weights.length), new Float64Array(weights.length)]
  for (let t = 1; t <= 5; t++) {
    fill(trainer.input, trainer.stride, 4, 4, () => random.normal())
    trainer.target.set(trainer.input)
    const slope = trainer.gradients(4)[0]!.weights
    trainer.step(4, 0.01)
    weights = weights.map((w, i) => {
      const g = slope[i]! + 1e-3 * w
      m[i] = 0.9 * m[i]! + 0.1 * g
      v[i] = 0.999 * v[i]! + 0.001 * g ** 2
      return w - (0.01 * (m[i]! / (1 - 0.9 ** t))) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8)
    })
  }
  trainer.layers()[0]!.weights.forEach((w, i) => {
    assert.ok(Math.abs(w - weights[i]!) < 1e-6, `${w} for ${weights[i]}`)
  })
})

test('a planted structure is learnt, with the same bits every time (D1)', () => {
  const run = (): { readonly final: number; readonly layers: readonly DenseLayer[] } => {
    const trainer = denseTrainer(stack([10, 6, 2, 6, 10], { kind: 'tanh' }), { rowsMax: 64, decay: 0 })
    const random = Random.derived(seed, 'planted')
    let final = 0
    for (let step = 0; step < 1500; step++) {
      for (let row = 0; row < 64; row++) {
        const [a, b] = [random.normal(), random.normal()]
        for (let c = 0; c < 10; c++) {
          trainer.input[row * trainer.stride + c] = a * (c % 3) * 0.3 + b * (c % 2) * 0.5 + 0.05 * random.normal()
        }
      }
      trainer.target.set(trainer.input)
      final = trainer.step(64, 0.005)
    }
    return { final, layers: trainer.layers() }
  }
  const first = run()
  assert.ok(first.final < 0.02, `${first.final}`)
  assert.deepEqual(run(), first)
})

test('a target that is not observed costs nothing (D2)', () => {
  const trainer = denseTrainer(stack([4, 2, 4], { kind: 'tanh' }), { rowsMax: 1, decay: 0 })
  trainer.input.set([1, 2, 3, 4])
  trainer.target.set([1, 2, 3, 4])
  const whole = trainer.loss(1)
  trainer.target[2] = Number.NaN
  const part = trainer.loss(1)
  assert.ok(part > 0 && part < whole)
  assert.equal(trainer.gradients(1)[1]!.bias[2], 0)
})

test('a step whose loss is not finite changes nothing (D3)', () => {
  const trainer = denseTrainer(stack([4, 2, 4], { kind: 'relu' }), { rowsMax: 4, decay: 0 })
  trainer.input.fill(1)
  trainer.target.fill(Number.POSITIVE_INFINITY)
  const before = trainer.layers()
  assert.ok(Number.isNaN(trainer.step(4, 0.01)))
  assert.deepEqual(trainer.layers(), before)
})
