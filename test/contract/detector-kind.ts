// What every kind of detector must do, as tests that a kind's own test file calls. Planted rows follow two hidden causes; to
// kinds that learn from windows they are windows of one channel, each column a step.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import { Random } from '../../libs/core/random.ts'
import { artefact } from '../../libs/detector/artefact.ts'
import { type FitRequest, fit } from '../../libs/detector/fit.ts'
import { detector, load } from '../../libs/detector/load.ts'
import type { Model } from '../../libs/detector/model.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import { type DetectorKind, type DetectorSetting, windowedKinds } from '../../libs/stream/spec.ts'
import { planted, requestOf } from '../detector/planted.ts'
import { tensorflowScores } from './tensorflow-scores.ts'

const width = 6

/** `setting`: of the ensemble. */
export function satisfiesKind(kind: DetectorKind, setting?: DetectorSetting): void {
  const name = setting === undefined ? kind : `${kind}, ${setting}`
  const fitted = (rows: Float32Array, columns: number, more: Partial<FitRequest> = {}): Promise<Model> =>
    fit(
      requestOf(rows, columns, {
        kind,
        ...(setting === undefined ? {} : { setting }),
        steps: windowedKinds.includes(kind) ? columns : 1,
        ...more,
      }),
    )
  const rows = planted(600, width, 1)
  const shared = fitted(rows, width)

  test(`${name}: scores are finite and not below 0, whatever a row holds`, async () => {
    const model = await shared
    const wild = planted(40, width, 2)
    wild
      .fill(1e15, 0, width)
      .fill(-1e15, width, 2 * width)
      .fill(Number.NaN, 2 * width, 3 * width)
    wild[3 * width + 1] = Number.NaN
    wild[4 * width] = 3e38
    for (const score of scoresOf(model, wild)) assert.ok(Number.isFinite(score) && score >= 0, `${score}`)
  })

  test(`${name}: the same seed gives the same bytes`, async () => {
    const again = await fitted(rows, width)
    assert.deepEqual(artefact(again, rows), artefact(await shared, rows))
  })

  test(`${name}: a score depends neither on the batch nor on the order`, async () => {
    const model = await shared
    const fresh = planted(64, width, 3)
    const together = scoresOf(model, fresh)
    for (let i = 63; i >= 0; i--) {
      const alone = scoresOf(model, fresh.subarray(i * width, (i + 1) * width))
      assert.equal(alone[0], together[i])
    }
  })

  test(`${name}: each network scores as TensorFlow has it, within 1e-5 + 1e-4 of the score`, async () => {
    const model = await shared
    const fresh = planted(100, width, 10)
    for (const member of model.members) {
      if (member.kind !== 'dense' && member.kind !== 'sequence') continue
      const scores = scoresOf({ ...model, members: [member], combination: { kind: 'mean' } }, fresh)
      const wanted = await tensorflowScores(model, member, fresh)
      scores.forEach((score, i) => {
        assert.ok(Math.abs(score - wanted[i]!) <= 1e-5 + 1e-4 * wanted[i]!, `${score} for ${wanted[i]}`)
      })
    }
  })

  test(`${name}: an artefact brings back the same scores and threshold`, async () => {
    const model = await shared
    const loaded = load(artefact(model, rows), { revision: '0123456789abcdef' })
    const fresh = planted(32, width, 4)
    loaded.input.set(fresh)
    const scores = new Float32Array(32)
    loaded.score(32, scores)
    assert.deepEqual(scores, scoresOf(model, fresh))
    assert.equal(loaded.threshold, model.calibration.threshold)
  })

  test(`${name}: learns what was planted: rows that break it score above those that keep it`, async () => {
    const model = await shared
    const kept = planted(300, width, 5)
    const broken = kept.slice()
    const random = new Random(6)
    // Each column by itself stays within what it always was: only what they have in common is gone.
    for (let j = 0; j < width; j++) {
      const order = Int32Array.from({ length: 300 }, (_, i) => i)
      random.shuffle(order)
      for (let i = 0; i < 300; i++) broken[i * width + j] = kept[order[i]! * width + j]!
    }
    const above = (scores: Float32Array): number => scores.filter((score) => score > model.calibration.threshold).length
    const [normal, anomalous] = [above(scoresOf(model, kept)), above(scoresOf(model, broken))]
    assert.ok(anomalous > 240 && normal < 30, `${anomalous} of 300 broken rows alarm, ${normal} of 300 normal ones`)
  })

  test(`${name}: an explanation names the column that was spoilt`, async () => {
    const running = detector(await shared, 'test')
    const fresh = planted(20, width, 7)
    let named = 0
    for (let i = 0; i < 20; i++) {
      const row = fresh.slice(i * width, (i + 1) * width)
      row[i % width]! += 4
      const { contributions } = running.explain(row)
      if (contributions.indexOf(Math.max(...contributions)) === i % width) named++
    }
    assert.ok(named >= 17, `${named} of 20 named`)
  })

  test(`${name}: constant columns are survived, and a constant that moves alarms`, async () => {
    const odd = planted(300, 3, 1)
    for (let i = 0; i < 300; i++) odd[i * 3] = 42
    const model = await fitted(odd, 3)
    const moved = odd.slice(0, 30)
    for (let i = 0; i < 10; i++) moved[i * 3] = 50
    for (const score of scoresOf(model, moved)) assert.ok(score > model.calibration.threshold)
  })

  test(`${name}: a single column is enough`, async () => {
    const model = await fitted(planted(300, 1, 1), 1)
    const [far = 0, near = 0] = scoresOf(model, Float32Array.of(1e3, 0))
    assert.ok(far > model.calibration.threshold && near < model.calibration.threshold)
  })

  test(`${name}: rows that are all equal, and the least number of rows`, async () => {
    for (const same of [new Float32Array(300 * 3).fill(5), new Float32Array(100 * 3)]) {
      const model = await fitted(same, 3)
      assert.ok(scoresOf(model, same).every((score) => score <= model.calibration.threshold))
    }
    const least = await fitted(planted(100, width, 1), width)
    assert.ok(scoresOf(least, rows).every(Number.isFinite))
  })

  test(`${name}: missing values are learned around, a column that is missing everywhere included`, async () => {
    const holed = planted(400, width, 1)
    const random = new Random(8)
    for (let i = 0; i < holed.length; i++) if (random.uniform() < 0.1) holed[i] = Number.NaN
    for (let i = 0; i < 400; i++) holed[i * width + 4] = Number.NaN
    const model = await fitted(holed, width)
    assert.ok(scoresOf(model, holed).every(Number.isFinite))
    const spoilt = planted(50, width, 9)
    for (let i = 0; i < 50; i++) spoilt[i * width + 1]! += 5
    const found = scoresOf(model, spoilt).filter((score) => score > model.calibration.threshold).length
    assert.ok(found > 40, `${found} of 50 found`)
  })

  test(`${name}: too few rows are refused`, async () => {
    const refused = (thrown: unknown): boolean => thrown instanceof Failure && thrown.code === 'data-too-little'
    for (const count of [0, 1, 99]) await assert.rejects(fitted(planted(count, width, 1), width), refused)
  })
}
