// A member of rarities: the table's sum on both kernels, and the same bits for every batch, missing values included.

import assert from 'node:assert/strict'
import test from 'node:test'
import { artefact, parseArtefact } from '../../libs/detector/artefact.ts'
import { detector } from '../../libs/detector/load.ts'
import type { HistogramMember, Model } from '../../libs/detector/model.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import { assertSameBits } from './same-bits.ts'
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
  sharpness: 0,
  base: 4,
}
const scaler = { mean: new Float32Array(width), inverseScale: new Float32Array(width).fill(1), clip: 100 }
const model: Model = { ...base, scaler, members: [member] }
/** Heard by its loudest columns. */
const loudest: HistogramMember = {
  ...member,
  sharpness: 0.5,
  base: -10,
  table: member.table.map((v) => Math.exp(v / 2)),
}
const bend = {
  center: new Float32Array(width).fill(0.5),
  inverse: new Float32Array(width).fill(2),
  scale: new Float32Array(width).fill(0.4),
}
const bent: HistogramMember = { ...member, bend }

test('the sum of the table over the columns, with its base taken off', () => {
  const rows = Float32Array.of(-0.5, -0.5, -0.5, 0, 0.999, 1, -2, -1.001, Number.NaN, -1, 0, 50)
  assert.deepEqual([...scoresOf(model, rows)], [1, 2 + 2 + 8 - 4, 5 + 5 + 3.5 - 4, 1 + 2 + 8 - 4])
})

test('the loudest columns lead: the logarithm of the sum', () => {
  const rows = Float32Array.of(-0.5, -0.5, -0.5, -2, -0.5, -0.5, -2, -1.001, Number.NaN)
  const wanted = [
    [1, 1, 3],
    [5, 1, 3],
    [5, 5, 3.5],
  ].map((values) => 2 * Math.log(values.reduce((sum, value) => sum + Math.exp(value / 2), 0)) + 10)
  const found = scoresOf({ ...model, members: [loudest] }, rows)
  for (const [i, score] of found.entries()) assert.ok(Math.abs(score - wanted[i]!) < 1e-5, `${score} for ${wanted[i]}`)
})

test('bent columns: bins are of what is seen', () => {
  const unbent = (seen: number): number => Math.sinh(seen / 0.4) / 2 + 0.5
  const seen = [-0.5, -0.5, -0.5, 0.1, 0.9, 1.1, -1.1, -0.9, Number.NaN]
  const found = scoresOf({ ...model, members: [bent] }, Float32Array.from(seen, unbent))
  assert.deepEqual(found, scoresOf(model, Float32Array.from(seen)))
})

test('the same bits from both kernels and for every batch, missing values included', () => {
  for (const members of [[member], [loudest], [bent], [bent, loudest, member]]) assertSameBits({ ...model, members })
})

test('any row has a finite score, whatever the table', () => {
  const table = new Float32Array(member.table.length).fill(3e38)
  const rows = Float32Array.of(0, 0, 0, 3e38, -3e38, Number.NaN)
  for (const sharpness of [0, 0.001, 0.5])
    for (const values of [table, table.map((value) => -value), table.fill(0)]) {
      const own: HistogramMember = { ...bent, sharpness, table: values }
      assert.ok(scoresOf({ ...model, members: [own] }, rows).every((score) => Number.isFinite(score) && score >= 0))
    }
})

test('an artefact brings all forms back', () => {
  const all = { ...model, members: [member, loudest, bent] }
  assert.deepEqual(parseArtefact(artefact(all, sampleRows(model, 8, 0, 1))).members, all.members)
})

test('what is typical of bent columns is expected in the units of the row', () => {
  const { expected } = detector({ ...model, members: [bent] }, 'test').explain(Float32Array.of(0.5, 900, 0.5))
  assert.ok(Math.abs(expected[1]! - 0.5) < 1e-6)
})

test('an artefact brings it back; a rare value is named and the typical one expected', () => {
  assert.deepEqual(parseArtefact(artefact(model, sampleRows(model, 8, 0, 1))).members, [member])
  const { contributions, expected } = detector(model, 'test').explain(Float32Array.of(0.5, 9, 0.5))
  assert.ok(contributions[1]! > 0.9)
  assert.equal(expected[1], 0)
})
