import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Drift, drift } from '../../libs/detector/drift.ts'
import { driftReference, type Reference } from '../../libs/detector/drift-reference.ts'
import { type Drawn, draw, part, type World } from './drift-worlds.ts'

const width = 4
const names = ['a', 'b', 'c', 'd']
const groups = Int32Array.from([0, 1, 2, 3])
const history = 5_040
const later = 720
const seeds = Number(process.env['SEEDS'] ?? 200)
const first = Number(process.env['SEED'] ?? 1)

/** What a detector would say: how far a row is from the middle. */
function scoresOf({ rows, count }: Drawn): Float32Array {
  return Float32Array.from({ length: count }, (_, i) =>
    rows.subarray(i * width, (i + 1) * width).reduce((sum, value) => sum + value * value, 0),
  )
}

function referenceOf(past: Drawn): Reference {
  const scores = scoresOf(past)
  const unseen = scores.slice(Math.floor(0.85 * past.count))
  const reference = driftReference({ ...past, columns: width, scores, unseen, salt: 1, modulus: 1 })
  assert.ok(reference !== null)
  return reference
}

function lookAt(reference: Reference, recent: Drawn): Drift {
  const found = drift(reference, { ...recent, names, groups, scores: scoresOf(recent) })
  assert.ok(found !== null)
  return found
}

function rateOf(world: World, change: (recent: Drawn) => void): { rate: number; named: string[] } {
  let hits = 0
  const named: string[] = []
  for (let seed = first; seed < first + seeds; seed++) {
    const all = draw(world, seed, history + later, width)
    const recent = part(all, history, history + later)
    change(recent)
    const found = lookAt(referenceOf(part(all, 0, history)), recent)
    if (found.ratio > 1) hits++
    named.push(found.drifted.join())
  }
  return { rate: hits / seeds, named }
}

const stay = (): void => {}

for (const world of ['independent', 'autocorrelated', 'slow', 'daily', 'rare'] as const)
  test(`no drift where there is none: ${world}, ${seeds} seeds from ${first}`, (t) => {
    const { rate } = rateOf(world, stay)
    t.diagnostic(`${world}: ${(100 * rate).toFixed(1)} % of looks`)
    assert.ok(rate <= 0.02, `${rate}`)
  })

/** Column 1 moves by so many deviations. */
const shift =
  (by: number) =>
  ({ rows, count }: Drawn): void => {
    for (let i = 0; i < count; i++) rows[i * width + 1]! += by
  }

for (const [world, by, least] of [
  ['independent', 0.6, 0.95],
  ['autocorrelated', 2.5, 0.8],
  ['daily', 2, 0.9],
] as const)
  test(`drift is told and the feature named: ${world}, ${by} deviations`, (t) => {
    const { rate, named } = rateOf(world, shift(by))
    const right = named.filter((each) => each === 'b').length / named.length
    t.diagnostic(
      `${world}: told in ${(100 * rate).toFixed(1)} %, the one feature named in ${(100 * right).toFixed(1)} %`,
    )
    assert.ok(right >= least, `${right}`)
  })

test('scores alone may drift, missing values are a drift of their feature, and too few rows say nothing', () => {
  const all = draw('independent', first, history + later, width)
  const reference = referenceOf(part(all, 0, history))
  const recent = part(all, history, history + later)
  const louder = drift(reference, { ...recent, names, groups, scores: scoresOf(recent).map((score) => score * 1.6) })
  assert.ok(louder !== null && louder.score.ratio > 1 && louder.score.value > 0.1, JSON.stringify(louder))
  assert.deepEqual(louder.drifted, [])
  const begins = [24, 8].map((times) => recent.timesMs[later - Math.floor(history / times)])
  assert.ok(begins.includes(louder.sinceMs ?? -1), `${louder.sinceMs}`)
  const gaps = part(all, history, history + later)
  for (let i = 0; i < later; i += 4) gaps.rows[i * width + 2] = Number.NaN
  assert.deepEqual(lookAt(reference, gaps).drifted, ['c'])
  const few = part(all, history, history + 50)
  assert.equal(drift(reference, { ...few, names, groups, scores: scoresOf(few) }), null)
})

test('a flag that is nearly always on and goes out, and a constant that falls, are drifts', () => {
  const all = draw('independent', first, history + later, width)
  for (let i = 0; i < history + later; i++) {
    all.rows[i * width] = i % 20 === 0 ? 0 : 1
    all.rows[i * width + 3] = 5
  }
  const reference = referenceOf(part(all, 0, history))
  const recent = part(all, history, history + later)
  assert.deepEqual(lookAt(reference, recent).drifted, [])
  for (let i = 0; i < later; i++) {
    recent.rows[i * width] = 0
    recent.rows[i * width + 3] = -100
  }
  assert.deepEqual(lookAt(reference, recent).drifted.toSorted(), ['a', 'd'])
})
