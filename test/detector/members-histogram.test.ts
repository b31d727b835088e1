// A member of rarities: the table's sum on both kernels, and the same bits for every batch, missing values included.

import assert from 'node:assert/strict'
import test from 'node:test'
import { artefact, parseArtefact } from '../../libs/detector/artefact.ts'
import { engine } from '../../libs/detector/engine.ts'
import { twinKernel, wasmKernel } from '../../libs/detector/kernel/kernel.ts'
import { detector } from '../../libs/detector/load.ts'
import type { HistogramMember, Model } from '../../libs/detector/model.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import { sampleModel, sampleRows } from './sample-model.ts'

const width = 3
const base = sampleModel({
  widths: [width, width],
  activation: { kind: 'linear' },
  scoring: 'error-over-train',
  members: 1,
  seed: 3,
})
const member: HistogramMember = {
  kind: 'histogram',
  typical: new Float32Array(width),
  bins: 2,
  low: new Float32Array(width).fill(-1),
  inverse: new Float32Array(width).fill(1),
  table: Float32Array.of(...[5, 1, 2, 6, 1.5], ...[5, 1, 2, 6, 1.5], ...[7, 3, 4, 8, 3.5]),
  base: 4,
}
const scaler = { mean: new Float32Array(width), inverseScale: new Float32Array(width).fill(1), clip: 100 }
const model: Model = { ...base, scaler, members: [member] }

test('the sum of the table over the columns, with its base taken off', () => {
  const rows = Float32Array.of(-0.5, -0.5, -0.5, 0, 0.999, 1, -2, -1.001, Number.NaN, -1, 0, 50)
  assert.deepEqual([...scoresOf(model, rows)], [1, 2 + 2 + 8 - 4, 5 + 5 + 3.5 - 4, 1 + 2 + 8 - 4])
})

test('the same bits from both kernels and for every batch, missing values included', () => {
  const rows = sampleRows(model, 150, 0.05, 2)
  const whole = scoresOf(model, rows)
  const twin = engine(model, twinKernel)
  const found = new Float32Array(150)
  twin.input.set(rows)
  twin.score(150, found)
  assert.deepEqual(found, whole)
  const wasm = engine(model, wasmKernel)
  const one = new Float32Array(1)
  for (let i = 0; i < 150; i++) {
    wasm.input.set(rows.subarray(i * width, (i + 1) * width))
    wasm.score(1, one)
    assert.equal(one[0], whole[i])
  }
})

test('an artefact brings it back; a rare value is named and the typical one expected', () => {
  assert.deepEqual(parseArtefact(artefact(model, sampleRows(model, 8, 0, 1))).members, [member])
  const { contributions, expected } = detector(model, 'test').explain(Float32Array.of(0.5, 9, 0.5))
  assert.ok(contributions[1]! > 0.9)
  assert.equal(expected[1], 0)
})
