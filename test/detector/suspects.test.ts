// Suspects: of rows with bad cells these are named, also where they hide each other and where reconstructions blame others.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { engine } from '../../libs/detector/engine.ts'
import { explainer } from '../../libs/detector/explain.ts'
import { fit } from '../../libs/detector/fit.ts'
import type { Model } from '../../libs/detector/model.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import { linearModel, planted, requestOf } from './planted.ts'

const width = 10
const trials = 200

/** Rows with `count` bad cells each: moved by 1 to 3, which is ordinary for the column and not for the row. */
function spoilt(count: number, seed: number): { row: Float32Array; before: Float32Array; bad: number[] }[] {
  const random = Random.derived(seed, 'suspects')
  const rows = planted(trials, width, 1000 + seed)
  return Array.from({ length: trials }, (_, i) => {
    const before = rows.slice(i * width, (i + 1) * width)
    const bad = new Set<number>()
    while (bad.size < count) bad.add(random.integer(width))
    const row = before.slice()
    for (const j of bad) row[j]! += (random.uniform() < 0.5 ? -1 : 1) * (1 + 2 * random.uniform())
    return { row, before, bad: [...bad] }
  })
}

/** Trials in which the bad cells lead, by explanations and by the squared errors of the first member. */
function hits(model: Model, count: number): { explained: number; byError: number } {
  const running = engine(model)
  const explain = explainer(model, running)
  const lead = (blame: ArrayLike<number>, bad: readonly number[]): boolean => {
    const order = Array.from({ length: width }, (_, j) => j).sort((a, b) => blame[b]! - blame[a]!)
    return bad.every((j) => order.slice(0, count).includes(j))
  }
  let [explained, byError] = [0, 0]
  for (const { row, bad } of spoilt(count, 1)) {
    running.side.set(row)
    running.examine()
    if (lead(running.views[0]!.residual.map(Math.abs), bad)) byError++
    if (lead(explain(row).contributions, bad)) explained++
  }
  return { explained, byError }
}

const rows = planted(1500, width, 1)
const linear = linearModel(rows, planted(1000, width, 2), width, 0.01)

test('one bad cell, and two that hide each other, are named by a linear rule', (t) => {
  const [one, two] = [hits(linear, 1), hits(linear, 2)]
  t.diagnostic(`one: ${JSON.stringify(one)}, two: ${JSON.stringify(two)} of ${trials}`)
  assert.ok(one.explained >= 0.99 * trials)
  assert.ok(two.explained >= 0.95 * trials && two.byError < two.explained - 0.1 * trials)
})

test('and by an ensemble, in which members disagree', async (t) => {
  const model = await fit(requestOf(rows, width, { kind: 'ensemble' }))
  const [one, two] = [hits(model, 1), hits(model, 2)]
  t.diagnostic(`one: ${JSON.stringify(one)}, two: ${JSON.stringify(two)} of ${trials}`)
  assert.ok(one.explained >= 0.98 * trials)
  assert.ok(two.explained >= 0.95 * trials && two.byError < two.explained - 0.1 * trials)
})

test('as few are named as make the row ordinary, four at most', () => {
  const explain = explainer(linear, engine(linear))
  const named = (row: Float32Array): number => explain(row).contributions.filter((share) => share > 0).length
  const counts = spoilt(1, 2).map(({ row }) => named(row))
  assert.ok(counts.filter((count) => count === 1).length >= 0.9 * trials, `${counts}`)
  for (const { row } of spoilt(7, 3)) assert.ok(named(row) <= 4 || explain(row).contributions.every((c) => c < 0.1))
})

test('where each of many columns is a little off, no single one is to blame (X2)', () => {
  const wide = 24
  const independent = (count: number, seed: number): Float32Array => {
    const random = Random.derived(seed, 'independent')
    return Float32Array.from({ length: count * wide }, () => random.normal())
  }
  const model = linearModel(independent(2000, 1), independent(1000, 2), wide, 0.01)
  const explain = explainer(model, engine(model))
  const random = Random.derived(3, 'all off')
  const all = Float32Array.from({ length: wide }, () => (random.uniform() < 0.5 ? -2.2 : 2.2))
  assert.ok(scoresOf(model, all)[0]! > model.calibration.threshold)
  const diffuse = explain(all).contributions
  assert.ok(
    diffuse.every((share) => share < 0.1) && Math.abs(diffuse.reduce((sum, share) => sum + share, 0) - 1) < 1e-5,
  )
  all[5] = 9
  const { contributions } = explain(all)
  assert.ok(contributions[5]! > 0.5, `${contributions}`)
})

test('rows without a value, and with one, have something or nothing to say and never NaN', () => {
  const explain = explainer(linear, engine(linear))
  const row = new Float32Array(width).fill(Number.NaN)
  const silent = explain(row)
  assert.ok(silent.contributions.every((share) => share === 0) && silent.expected.every(Number.isFinite))
  row[3] = 50
  const { contributions, expected, imputed } = explain(row)
  assert.equal(contributions[3], 1)
  assert.ok(expected.every(Number.isFinite) && imputed.filter((flag) => flag === 1).length === width - 1)
})
