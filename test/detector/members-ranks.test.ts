// A member that sees ranks: stretched columns are seen as normal, the same bits come from both kernels and for every batch,
// missing values included, and an artefact brings it back.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { artefact, parseArtefact } from '../../libs/detector/artefact.ts'
import { rankedMember } from '../../libs/detector/kinds/ranked.ts'
import type { Model } from '../../libs/detector/model.ts'
import { rankedBy, valueSeenAs } from '../../libs/detector/ranks.ts'
import { assertSameBits } from './same-bits.ts'
import { sampleModel } from './sample-model.ts'

const width = 4
const count = 600
const random = new Random(11)
/** Long-tailed, of two values, mostly one value, and constant. */
const rows = Float32Array.from({ length: count * width }, (_, i) => {
  const column = i % width
  if (column === 0) return Math.min(20, 1 / random.uniform())
  if (column === 1) return random.uniform() < 0.4 ? 1 : 0
  return column === 2 && random.uniform() < 0.2 ? random.normal() : 0
})
const member = rankedMember({ rows, count, width }, 1)
const { ranks } = member
assert.ok(ranks !== undefined)
const base = sampleModel({
  widths: [width, width],
  activation: { kind: 'linear' },
  scoring: 'error-over-train',
  members: 1,
  seed: 3,
})
const scaler = { mean: new Float32Array(width), inverseScale: new Float32Array(width).fill(1), clip: 1000 }
const model: Model = { ...base, scaler, members: [member] }

test('a column with a long tail is seen as normal, and one of two values by their middle ranks', () => {
  const seen = rankedBy(ranks, rows)
  const first = Array.from({ length: count }, (_, i) => seen[i * width]!)
  const mean = first.reduce((sum, value) => sum + value, 0) / count
  const fourth = first.reduce((sum, value) => sum + (value - mean) ** 4, 0) / count
  assert.ok(Math.abs(mean) < 1e-3 && fourth > 2 && fourth < 4, `${mean} ${fourth}`)
  assert.equal(new Set(Array.from({ length: count }, (_, i) => seen[i * width + 1])).size, 2)
})

test('a column of which one value is most stays as it is', () => {
  const seen = rankedBy(ranks, rows)
  for (let i = 0; i < rows.length; i++) if (i % width > 1) assert.ok(Math.abs(seen[i]! - rows[i]!) < 1e-3)
})

test('beyond what was trained a value is seen as the greatest, and what is seen has a value', () => {
  const far = rankedBy(ranks, Float32Array.of(500, 0, 0, 0))
  const most = rankedBy(ranks, Float32Array.of(Math.max(...rows.filter((_, i) => i % width === 0)), 0, 0, 0))
  assert.equal(far[0], most[0])
  const value = 2.5
  const [seen = 0] = rankedBy(ranks, Float32Array.of(value, 0, 0, 0))
  assert.ok(Math.abs(valueSeenAs(ranks, 0, seen) - value) < 1e-3)
})

test('the same bits from both kernels and for every batch, missing values included', () => {
  assertSameBits(model, 101)
})

test('an artefact brings it back, and one whose ranks do not ascend is refused', () => {
  assert.deepEqual(parseArtefact(artefact(model, rows)).members, [member])
  const at = ranks.at.slice().reverse()
  const turned = { ...model, members: [{ ...member, ranks: { ...ranks, at } }] }
  assert.throws(() => artefact(turned, rows), /ranks\.at does not ascend/)
})
