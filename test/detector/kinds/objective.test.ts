// Objectives: which columns are told to be categories, and what a detector with each loss finds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../../libs/core/random.ts'
import { artefact } from '../../../libs/detector/artefact.ts'
import { fit } from '../../../libs/detector/fit.ts'
import { fitScaler, scaled } from '../../../libs/detector/fit-scaler.ts'
import { objectiveOf, restore, targetsOf } from '../../../libs/detector/kinds/objective.ts'
import { load } from '../../../libs/detector/load.ts'
import { scoresOf } from '../../../libs/detector/scores.ts'
import { type LossKind, lossKinds } from '../../../libs/stream/spec.ts'
import { tensorflowScores } from '../../contract/tensorflow-scores.ts'
import { requestOf } from '../planted.ts'

/** A number, a category of three columns that follows its sign, a switch, a pair on a circle. */
const width = 7
const groups = Int32Array.of(0, 1, 1, 1, 2, 3, 3)
const count = 400

function shop(seed: number): Float32Array {
  const random = new Random(seed)
  const rows = new Float32Array(count * width)
  for (let i = 0; i < count; i++) {
    const [amount, phase] = [random.normal(), random.uniform()]
    const kind = amount > 0.5 ? 0 : amount < -0.5 ? 1 : 2
    rows[i * width] = amount
    rows[i * width + 1 + kind] = 1
    rows[i * width + 4] = kind === 0 ? 1 : 0
    rows[i * width + 5] = Math.sin(2 * Math.PI * phase)
    rows[i * width + 6] = Math.cos(2 * Math.PI * phase)
  }
  return rows
}

function training(rows: Float32Array): { rows: Float32Array; count: number; width: number } {
  return { rows: scaled(rows, count, fitScaler(rows, count, width, false)), count, width }
}

test('categories are told from the rows: columns of one feature of which at most one is on, and switches', () => {
  const { loss, shares } = objectiveOf('mixed', training(shop(1)), { groups, steps: 1 })
  assert.deepEqual(shares?.categories, [
    { from: 1, to: 4 },
    { from: 4, to: 5 },
  ])
  assert.ok(loss.kind === 'mixed' && loss.categories.every(({ weight }) => weight > 0.8 && weight < 2))
  assert.deepEqual([shares?.low[0], shares?.span[0]], [0, 1])
})

test('a value of no known category and a missing one leave it a category; two at once make switches of it', () => {
  const rows = shop(1)
  rows.fill(0, 1, 4)
  rows[width + 2] = Number.NaN
  const first = (given: Float32Array): unknown => {
    return objectiveOf('mixed', training(given), { groups, steps: 1 }).shares?.categories[0]
  }
  assert.deepEqual(first(rows), { from: 1, to: 4 })
  rows.fill(1, 1, 4)
  assert.deepEqual(first(rows), { from: 1, to: 2 })
})

test('columns of one feature in two steps of a window are two categories', () => {
  const rows = Float32Array.of(1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1)
  const { shares } = objectiveOf('mixed', { rows, count: 3, width: 4 }, { groups: new Int32Array(4), steps: 2 })
  assert.deepEqual(shares?.categories, [
    { from: 0, to: 2 },
    { from: 2, to: 4 },
  ])
})

test('rows without a category are learnt by the squared error', () => {
  const rows = Float32Array.from({ length: 40 }, (_, i) => i)
  const columns = { groups: Int32Array.of(0, 1), steps: 1 }
  assert.deepEqual(objectiveOf('mixed', { rows, count: 20, width: 2 }, columns), {
    loss: { kind: 'squared' },
    shares: null,
  })
  const constant = objectiveOf('mixed', { rows: new Float32Array(40), count: 20, width: 2 }, columns)
  assert.equal(constant.shares, null)
})

test('targets are shares, and the best outputs bring the rows back', () => {
  const rows = training(shop(2))
  for (const kind of ['binary-cross-entropy', 'mixed'] as const) {
    const objective = objectiveOf(kind, rows, { groups, steps: 1 })
    const outputs = targetsOf(rows, objective.shares).slice()
    for (const { from, to } of objective.shares?.categories ?? [])
      for (let at = 0; at < outputs.length; at++) {
        const column = at % width
        assert.ok(column < from || column >= to || (outputs[at]! >= 0 && outputs[at]! <= 1))
        if (kind === 'mixed' && column >= from && column < to) outputs[at] = 40 * outputs[at]! - 20
      }
    restore(outputs, width, objective)
    outputs.forEach((value, at) => {
      assert.ok(Math.abs(value - rows.rows[at]!) < 1e-4, `${kind} ${at}: ${value} for ${rows.rows[at]}`)
    })
  }
})

const shops = shop(3)
for (const loss of lossKinds as readonly LossKind[]) {
  test(`${loss}: finds what does not fit together; the same bytes; scores as TensorFlow has them`, async () => {
    const request = requestOf(shops, width, { loss, groups, names: ['amount', 'kind', 'switch', 'phase'] })
    const model = await fit(request)
    assert.deepEqual(artefact(await fit(request), shops), artefact(model, shops))
    const fresh = shop(4)
    const loaded = load(artefact(model, shops), { revision: request.revision })
    loaded.input.set(fresh)
    const scores = new Float32Array(count)
    loaded.score(count, scores)
    assert.deepEqual(scores, scoresOf(model, fresh))
    for (const member of model.members) {
      assert.ok(member.kind === 'dense')
      const alone = scoresOf({ ...model, members: [member] }, fresh)
      const wanted = await tensorflowScores(model, member, fresh)
      alone.forEach((score, i) => {
        assert.ok(Math.abs(score - wanted[i]!) <= 1e-5 + 1e-4 * wanted[i]!, `${score} for ${wanted[i]}`)
      })
    }
    const broken = fresh.slice()
    for (let i = 0; i < count; i++) broken[i * width + 4] = 1 - broken[i * width + 4]!
    const above = (given: Float32Array): number =>
      scoresOf(model, given).filter((score) => score > model.calibration.threshold).length
    const [alarms, found] = [above(fresh), above(broken)]
    assert.ok(alarms < 0.05 * count && found > 0.9 * count, `${found} of ${count} found, ${alarms} false`)
  })
}
