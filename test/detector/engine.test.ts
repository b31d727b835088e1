// Engine: the same bits from both kernels, for every batch size and order; finite scores whatever the row holds.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import { type Engine, engine, probeRows, rowsMax } from '../../libs/detector/engine.ts'
import { twinKernel, wasmKernel } from '../../libs/detector/kernel/kernel.ts'
import { curveCodes } from '../../libs/detector/kernel/program.ts'
import { activate } from '../../libs/detector/kernel/twin-activation.ts'
import type { DenseMember } from '../../libs/detector/model.ts'
import { type DenseModel, type Shape, sampleModel, sampleRows } from './sample-model.ts'

const seed = Number(process.env['SEED'] ?? 7)
const shapes: readonly Shape[] = [
  { widths: [30, 16, 8, 16, 30], activation: { kind: 'relu' }, scoring: 'mahalanobis', members: 1, seed },
  {
    widths: [30, 64, 9, 64, 30],
    activation: { kind: 'leaky-relu', alpha: 0.1 },
    scoring: 'mahalanobis',
    members: 3,
    seed,
  },
  { widths: [13, 5, 3, 13], activation: { kind: 'tanh' }, scoring: 'error-over-train', members: 2, seed },
  { widths: [1, 2, 1], activation: { kind: 'sigmoid' }, scoring: 'mahalanobis', members: 1, seed },
  { widths: [41, 41], activation: { kind: 'linear' }, scoring: 'mahalanobis', members: 1, seed },
  {
    widths: [13, 6, 13],
    activation: { kind: 'tanh' },
    scoring: 'mahalanobis',
    members: 2,
    seed,
    categories: [
      { from: 0, to: 4 },
      { from: 6, to: 7 },
      { from: 7, to: 13 },
    ],
  },
  { widths: [100, 33, 100], activation: { kind: 'tanh' }, scoring: 'error-over-train', members: 1, seed },
]

function scores(running: Engine, rows: Float32Array, batch: number): Float32Array {
  const count = rows.length / running.width
  const result = new Float32Array(count)
  const part = new Float32Array(batch)
  for (let from = 0; from < count; from += batch) {
    const size = Math.min(batch, count - from)
    running.input.set(rows.subarray(from * running.width, (from + size) * running.width))
    running.score(size, part)
    result.set(part.subarray(0, size), from)
  }
  return result
}

/** Scores in float64 with Math, without the kernel; missing values filled in four times and left out of the score. */
function reference(model: DenseModel, row: Float32Array): number {
  const { mean, inverseScale, clip } = model.scaler
  const missing = Array.from(row, (x) => Number.isNaN(x))
  let sum = 0
  for (const member of model.members) {
    const z = Array.from(row, (x, i) =>
      missing[i] ? 0 : Math.max(-clip, Math.min(clip, (x - mean[i]!) * inverseScale[i]!)),
    )
    for (let round = 0; round < 4; round++) {
      const filled = reconstruct(member, z)
      for (let i = 0; i < z.length; i++) if (missing[i]) z[i] = filled[i]!
    }
    const reconstructed = reconstruct(member, z)
    const { scoring } = member
    if (scoring.kind === 'error-over-train') {
      const observed = z.map((_, i) => i).filter((i) => !missing[i])
      const errors = observed.map((i) => (z[i]! - reconstructed[i]!) ** 2 / scoring.trainError[i]!)
      sum += errors.reduce((total, error) => total + error, 0) / Math.max(1, observed.length)
    } else {
      assert.ok(scoring.kind === 'mahalanobis')
      const r = z.map((value, i) => (missing[i] ? 0 : value - reconstructed[i]! - scoring.residualMean[i]!))
      settle(r, missing, scoring.whitening)
      const square = whitened(r, scoring.whitening).reduce((total, y) => total + y * y, 0)
      sum += (square * r.length) / Math.max(1, missing.filter((lost) => !lost).length)
    }
  }
  return sum / model.members.length
}

/** Four sweeps, each of which moves one missing residual after the other to where ‖W r‖² is least. */
function settle(r: number[], missing: readonly boolean[], whitening: Float32Array): void {
  for (let sweep = 0; sweep < 4; sweep++) {
    for (let j = 0; j < r.length; j++) {
      if (!missing[j]) continue
      const column = r.map((_, i) => whitening[i * r.length + j]!)
      const along = whitened(r, whitening).reduce((sum, y, i) => sum + y * column[i]!, 0)
      r[j]! -= along / column.reduce((sum, w) => sum + w * w, 0)
    }
  }
}

function whitened(r: readonly number[], whitening: Float32Array): number[] {
  return r.map((_, i) => r.reduce((sum, value, j) => sum + whitening[i * r.length + j]! * value, 0))
}

function reconstruct(member: DenseMember, z: readonly number[]): readonly number[] {
  let h = z
  for (const layer of member.layers) {
    const before = h
    h = Array.from(layer.bias, (bias, o) => {
      const x = before.reduce((total, value, i) => total + value * layer.weights[i * layer.outputs + o]!, bias)
      const { activation } = layer
      if (activation.kind === 'tanh') return Math.tanh(x)
      if (activation.kind === 'sigmoid') return 1 / (1 + Math.exp(-x))
      if (activation.kind === 'relu') return Math.max(0, x)
      return activation.kind === 'leaky-relu' && x < 0 ? x * activation.alpha : x
    })
  }
  const { shares } = member
  const y = [...h]
  for (const { from, to } of shares?.categories ?? []) {
    const powers = h.slice(from, to).map(Math.exp)
    const all = powers.reduce((sum, power) => sum + power, to - from === 1 ? 1 : 0)
    for (let j = from; j < to; j++) y[j] = shares!.low[j]! + (shares!.span[j]! * powers[j - from]!) / all
  }
  return y
}

for (const shape of shapes) {
  const name = `${shape.widths.join('-')} ${shape.activation.kind} ${shape.scoring} × ${shape.members}`
  const model = sampleModel(shape)

  test(`${name}: both kernels give the same bits, missing values included`, () => {
    const rows = sampleRows(model, 150, 0.02, seed)
    const wasm = engine(model, wasmKernel)
    assert.equal(wasm.kernel, 'wasm')
    assert.deepEqual(scores(wasm, rows, 150), scores(engine(model, twinKernel), rows, 150))
  })

  test(`${name}: a score depends neither on the batch nor on the order (E1)`, () => {
    const running = engine(model)
    const rows = sampleRows(model, 131, 0.01, seed)
    const whole = scores(running, rows, 131)
    for (const batch of [1, 2, 3, 4, 5, 7, 16, 64, 65, 130])
      assert.deepEqual(scores(running, rows, batch), whole, `batch ${batch}`)
    const backwards = new Float32Array(rows.length)
    for (let row = 0; row < 131; row++) {
      backwards.set(rows.subarray(row * model.width, (row + 1) * model.width), (130 - row) * model.width)
    }
    assert.deepEqual(scores(running, backwards, 131).reverse(), whole)
  })

  for (const missingShare of [0, 0.2]) {
    test(`${name}: scores agree with a float64 reference, ${missingShare} of the values missing`, () => {
      const rows = sampleRows(model, 40, missingShare, seed)
      const found = scores(engine(model), rows, 40)
      for (let row = 0; row < 40; row++) {
        const wanted = reference(model, rows.subarray(row * model.width, (row + 1) * model.width))
        assert.ok(Math.abs(found[row]! - wanted) <= 1e-5 + 1e-4 * wanted, `row ${row}: ${found[row]} for ${wanted}`)
      }
    })
  }

  test(`${name}: complete rows have the same score at the side entrance`, () => {
    const running = engine(model)
    const rows = sampleRows(model, probeRows, 0, seed)
    const probed = new Float32Array(probeRows)
    running.side.set(rows)
    running.probe(probeRows, probed)
    assert.deepEqual(probed, scores(running, rows, probeRows))
  })

  test(`${name}: every row gives a finite score ≥ 0 (E2)`, () => {
    const running = engine(model)
    const extremes = [0, -0, 3.4e38, -3.4e38, 1e-45, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    const rows = Float32Array.from(
      { length: 64 * model.width },
      (_, i) => extremes[(i * 7 + (i >> 3)) % extremes.length]!,
    )
    for (const value of extremes) {
      rows.fill(value, 0, model.width)
      for (const score of scores(running, rows, 64)) assert.ok(Number.isFinite(score) && score >= 0, `${score}`)
    }
  })
}

test('a row that fills the last place of the input is read to its end only', () => {
  const model = sampleModel(shapes[2]!)
  const running = engine(model)
  const row = sampleRows(model, 1, 0, seed)
  const alone = scores(running, row, 1)[0]
  running.input.fill(1e30)
  running.input.set(row, (rowsMax - 1) * model.width)
  const all = new Float32Array(rowsMax)
  running.score(rowsMax, all)
  assert.equal(all[rowsMax - 1], alone)
})

test('tanh and sigmoid keep their stated accuracy', () => {
  let relative = 0
  let absolute = 0
  for (let i = -200_000; i <= 200_000; i++) {
    const x = Math.fround(i / 10_000)
    if (x !== 0) relative = Math.max(relative, Math.abs(activate(1, curveCodes.tanh, x) / Math.tanh(x) - 1))
    absolute = Math.max(absolute, Math.abs(activate(1, curveCodes.sigmoid, x) - 1 / (1 + Math.exp(-x))))
  }
  assert.ok(relative < 4e-7, `tanh: relative error ${relative}`)
  assert.ok(absolute < 2e-7, `sigmoid: absolute error ${absolute}`)
})

test('a model that would need more memory than allowed is refused, not begun', () => {
  const model = sampleModel(shapes[3]!)
  const [layer] = model.members[0]!.layers
  const layers = Array.from({ length: 8 }, () => ({ ...layer!, inputs: 8192, outputs: 8192 }))
  assert.throws(
    () => engine({ ...model, members: [{ ...model.members[0]!, layers }] }),
    (thrown) => thrown instanceof Failure && /kernel memory/.test(thrown.message),
  )
})
