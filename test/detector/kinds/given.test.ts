// Rows that are given as how unusual they are: taken as they are, and calibrated with noise where the history is short.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../../libs/core/random.ts'
import { artefact, parseArtefact } from '../../../libs/detector/artefact.ts'
import { type FitRequest, fit } from '../../../libs/detector/fit.ts'
import { load } from '../../../libs/detector/load.ts'
import type { Model } from '../../../libs/detector/model.ts'
import { scoresOf } from '../../../libs/detector/scores.ts'
import { noveltiesOf } from '../../../libs/stream/novelty-feature.ts'

const random = new Random(5)
const series = (count: number, scale: number): Float32Array =>
  noveltiesOf(Float32Array.from({ length: count }, () => scale * random.normal()))

function request(rows: Float32Array, more: Partial<FitRequest> = {}): FitRequest {
  return {
    rows,
    count: rows.length,
    width: 1,
    groups: new Int32Array(1),
    names: ['novelty'],
    revision: '0123456789abcdef',
    kind: 'ensemble',
    rowsAre: 'novelties',
    seed: 0,
    alpha: 0.001,
    steps: 1,
    ...more,
  }
}

const short = series(300, 1)
const probe = Float32Array.of(0, 1, 5, 30, Number.NaN)

test('scores are the square of the number, whatever was learnt from', async () => {
  const models: Model[] = []
  for (const rows of [short, series(5000, 100)]) models.push(await fit(request(rows)))
  for (const model of models) assert.deepEqual([...scoresOf(model, probe)], [0, 1, 25, 900, 0])
})

test('a short history is calibrated with noise; a long one says itself what is rare', async () => {
  const loud = short.slice()
  loud[250] = 400
  for (const rows of [short, loud, new Float32Array(300)]) {
    const { threshold } = (await fit(request(rows))).calibration
    assert.ok(threshold > 16 && threshold < 64, `${threshold}`)
  }
  const much = Float32Array.from({ length: 200_000 }, (_, i) => (i % 100 === 0 ? 20 : 0))
  const { threshold } = (await fit(request(much))).calibration
  assert.ok(threshold >= 400, `${threshold}`)
})

test('few rows are refused, noise or not; other kinds learn from the numbers as from any', async () => {
  await assert.rejects(fit(request(new Float32Array(10))), { code: 'data-too-little' })
  const other = await fit(request(series(600, 1), { kind: 'undercomplete' }))
  assert.notDeepEqual(other.scaler.inverseScale, Float32Array.of(1))
})

test('it survives its file and explains itself', async () => {
  const model = await fit(request(short))
  const bytes = artefact(
    model,
    Float32Array.from({ length: 16 }, (_, i) => i),
  )
  assert.deepEqual(parseArtefact(bytes).members, model.members)
  const detector = load(bytes, {})
  detector.input.set(probe)
  const scores = new Float32Array(probe.length)
  detector.score(probe.length, scores)
  assert.deepEqual([...scores], [0, 1, 25, 900, 0])
  const { contributions, expected } = detector.explain(Float32Array.of(5))
  assert.deepEqual([...contributions, ...expected], [1, 0])
})
