// Trial: what is hidden counts for nothing, what is left counts once, and a row's score does not depend on those beside it.

import assert from 'node:assert/strict'
import test from 'node:test'
import { engine } from '../../libs/detector/engine.ts'
import { fit } from '../../libs/detector/fit.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import { suspectsMax } from '../../libs/detector/suspects.ts'
import { trials } from '../../libs/detector/trial.ts'
import { linearModel, planted, requestOf } from './planted.ts'

const width = 8
const rows = planted(800, width, 1)
const linear = linearModel(rows, planted(400, width, 2), width, 0.01)
const ensemble = fit(requestOf(rows, width, { kind: 'ensemble' }))
const fresh = planted(20, width, 3)
const rowAt = (i: number): Float32Array => fresh.slice(i * width, (i + 1) * width)

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-3 + 1e-2 * Math.abs(b)
}

test('without anything hidden it is the score; a value that is hidden has no say in it', async () => {
  for (const model of [linear, await ensemble]) {
    const trialOf = trials(model, engine(model))
    for (let i = 0; i < 20; i++) {
      const row = rowAt(i)
      const [plain = 0] = trialOf(row).hide([[]])
      assert.ok(near(plain, scoresOf(model, row)[0]!))
      const spoilt = row.slice()
      spoilt[2] = 1e3
      spoilt[5] = -1e3
      assert.deepEqual(trialOf(spoilt).hide([[2, 5]]), trialOf(row).hide([[2, 5]]))
      assert.notDeepEqual(trialOf(spoilt).hide([[2]]), trialOf(row).hide([[2]]))
    }
  }
})

test('a score does not depend on what else is tried', async () => {
  const model = await ensemble
  const trialOf = trials(model, engine(model))
  const sets = Array.from({ length: 16 }, (_, i) => [0, 1, 2, 3].filter((bit) => (i >> bit) & 1))
  const together = trialOf(rowAt(0)).hide(sets)
  for (const [i, set] of sets.entries()) assert.equal(trialOf(rowAt(0)).hide([set])[0], together[i])
})

test('by the linear rule alone, hiding more, up to the four of suspects, never makes a row stranger', () => {
  const trialOf = trials(linear, engine(linear))
  for (let i = 0; i < 20; i++) {
    const row = rowAt(i)
    row[i % width]! += 3
    const order = Array.from({ length: suspectsMax + 1 }, (_, j) => (i + 3 * j) % width)
    const scores = trialOf(row).hide(order.map((_, count) => order.slice(0, count)))
    for (let count = 1; count < scores.length; count++)
      assert.ok(scores[count]! <= scores[count - 1]! * 1.0001 + 1e-4, `${scores}`)
  }
})

test('what is missing in the row stays missing and is no column of a feature (T1)', async () => {
  const model = await ensemble
  const row = rowAt(4)
  row[6] = Number.NaN
  const trial = trials(model, engine(model))(row)
  assert.deepEqual(trial.columns[6], [])
  assert.deepEqual(trial.columns[1], [1])
  trial.look([1])
  const expected = trial.expected()
  assert.ok(expected.length > 1 && expected.every((values) => values.every(Number.isFinite)))
  const complete = trials(model, engine(model))(rowAt(4))
  assert.deepEqual(trial.hide([[]]), complete.hide([[6]]))
})

test('with what is expected in its place, a row that was spoilt is normal again', async () => {
  const model = await ensemble
  const row = rowAt(7)
  row[3]! += 4
  const trial = trials(model, engine(model))(row)
  trial.look([3])
  const [before = 0] = trial.hide([[]])
  const after = trial.replace([3], trial.expected())
  assert.ok(before > model.calibration.threshold)
  assert.ok(
    after.every((score) => score < model.calibration.threshold),
    `${before}, ${after}`,
  )
})
