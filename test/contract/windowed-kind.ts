// What a kind must do with rows that are windows of several channels, as tests that a kind's own test file calls. Planted
// channels follow two hidden causes that drift slowly, with a little noise.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import { Random } from '../../libs/core/random.ts'
import { artefact } from '../../libs/detector/artefact.ts'
import { engine } from '../../libs/detector/engine.ts'
import { type FitRequest, fit } from '../../libs/detector/fit.ts'
import { twinKernel, wasmKernel } from '../../libs/detector/kernel/kernel.ts'
import { detector, load } from '../../libs/detector/load.ts'
import type { Model } from '../../libs/detector/model.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import type { DetectorKind } from '../../libs/stream/spec.ts'
import { requestOf } from '../detector/planted.ts'
import { tensorflowScores } from './tensorflow-scores.ts'

const steps = 8
const channels = 5
const width = steps * channels

/** A series whose channels go together. */
function series(count: number, wide: number, seed: number): Float32Array {
  const random = new Random(seed)
  const mixture = new Random(99)
  const weights = Float64Array.from({ length: 2 * wide }, () => mixture.normal())
  const causes = [0, 0]
  return Float32Array.from({ length: count * wide }, (_, i) => {
    if (i % wide === 0) for (const c of [0, 1]) causes[c] = 0.9 * causes[c]! + 0.4 * random.normal()
    return weights[2 * (i % wide)]! * causes[0]! + weights[2 * (i % wide) + 1]! * causes[1]! + 0.1 * random.normal()
  })
}

function windows(rows: Float32Array, wide: number): Float32Array {
  const count = rows.length / wide - steps + 1
  const out = new Float32Array(count * steps * wide)
  for (let i = 0; i < count; i++) out.set(rows.subarray(i * wide, (i + steps) * wide), i * steps * wide)
  return out
}

export function satisfiesWindows(kind: DetectorKind): void {
  const fitted = (rows: Float32Array, wide = channels, more: Partial<FitRequest> = {}): Promise<Model> => {
    const groups = Int32Array.from({ length: steps * wide }, (_, j) => j % wide)
    return fit(requestOf(rows, steps * wide, { kind, steps, groups, ...more }))
  }
  const rows = windows(series(800, channels, 1), channels)
  const shared = fitted(rows)
  const fresh = windows(series(300, channels, 2), channels)

  test(`${kind}, windows: the same bits from both kernels, whatever the batch, with and without missing values`, async () => {
    const model = await shared
    const holed = fresh.slice(0, 60 * width)
    const random = new Random(3)
    for (let i = 20 * width; i < holed.length; i++) if (random.uniform() < 0.2) holed[i] = Number.NaN
    holed.fill(Number.NaN, 30 * width, 31 * width)
    holed.fill(1e15, 31 * width, 32 * width)
    const wanted = scoresOf(model, holed)
    assert.ok(wanted.every((score) => Number.isFinite(score) && score >= 0))
    for (const make of [wasmKernel, twinKernel]) {
      const running = engine(model, make)
      for (const batch of [1, 7, 60]) {
        const found = new Float32Array(60)
        for (let from = 0; from < 60; from += batch) {
          const size = Math.min(batch, 60 - from)
          running.input.set(holed.subarray(from * width, (from + size) * width))
          running.score(size, found.subarray(from, from + size))
        }
        assert.deepEqual(found, wanted, `${running.kernel} in batches of ${batch}`)
      }
    }
  })

  test(`${kind}, windows: the same seed gives the same bytes, and an artefact the same scores`, async () => {
    const model = await shared
    const bytes = artefact(model, rows)
    assert.deepEqual(artefact(await fitted(rows), rows), bytes)
    const loaded = load(bytes, { revision: '0123456789abcdef' })
    loaded.input.set(fresh.subarray(0, 32 * width))
    const scores = new Float32Array(32)
    loaded.score(32, scores)
    assert.deepEqual(scores, scoresOf(model, fresh.subarray(0, 32 * width)))
  })

  test(`${kind}, windows: each network scores as TensorFlow has it`, async () => {
    const model = await shared
    for (const member of model.members) {
      if (member.kind !== 'dense' && member.kind !== 'sequence') continue
      const scores = scoresOf({ ...model, members: [member], combination: { kind: 'mean' } }, fresh)
      const wanted = await tensorflowScores(model, member, fresh)
      for (const [i, score] of scores.entries())
        assert.ok(Math.abs(score - wanted[i]!) <= 1e-4 + 1e-3 * wanted[i]!, `${score} for ${wanted[i]}`)
    }
  })

  test(`${kind}, windows: a channel that leaves the others is found, and named`, async () => {
    const model = await shared
    const running = detector(model, 'test')
    let [found, named] = [0, 0]
    for (let i = 0; i < 50; i++) {
      const row = fresh.slice(i * width, (i + 1) * width)
      const channel = i % channels
      row[width - channels + channel]! += i % 2 === 0 ? 4 : -4
      if (scoresOf(model, row)[0]! > model.calibration.threshold) found++
      const { contributions, expected, imputed } = running.explain(row)
      const blamed = new Float64Array(channels)
      for (const [j, share] of contributions.entries()) blamed[j % channels]! += share
      assert.ok(Math.abs(blamed.reduce((sum, share) => sum + share, 0) - 1) < 1e-4)
      assert.ok(expected.every(Number.isFinite) && imputed.every((flag) => flag === 0))
      const at = width - channels + channel
      const nearer = Math.abs(expected[at]! - fresh[i * width + at]!) < 2
      if (nearer && blamed.indexOf(Math.max(...blamed)) === channel) named++
    }
    assert.ok(found >= 48 && named >= 42, `${found} of 50 found, ${named} named with about the value that was there`)
  })

  test(`${kind}, windows: normal windows to come hardly alarm`, async () => {
    const model = await fitted(rows, channels, { alpha: 0.05 })
    const alarms = scoresOf(model, fresh).filter((score) => score > model.calibration.threshold).length
    assert.ok(alarms < 0.15 * 293, `${alarms} of 293`)
  })

  test(`${kind}, windows: a channel that never moved alarms when it does; one channel is enough; all may be equal`, async () => {
    const plain = series(300, channels, 1)
    for (let i = 0; i < 300; i++) plain[i * channels] = 42
    const model = await fitted(windows(plain, channels))
    const moved = windows(plain.subarray(0, 40 * channels), channels)
    for (let at = width - channels; at < moved.length; at += width) moved[at] = 50
    assert.ok(scoresOf(model, moved).every((score) => score > model.calibration.threshold))
    const single = await fitted(windows(series(300, 1, 1), 1), 1)
    const far = new Float32Array(2 * steps).fill(1e3, 0, steps)
    const [high = 0, low = 0] = scoresOf(single, far)
    assert.ok(high > single.calibration.threshold && low <= single.calibration.threshold)
    const same = new Float32Array(120 * width).fill(5)
    const flat = await fitted(same)
    assert.ok(scoresOf(flat, same).every((score) => score <= flat.calibration.threshold))
  })

  test(`${kind}, windows: missing values are learned around, a channel that is missing everywhere included`, async () => {
    const holed = rows.slice()
    const random = new Random(8)
    for (let i = 0; i < holed.length; i++) if (i % channels === 4 || random.uniform() < 0.1) holed[i] = Number.NaN
    const model = await fitted(holed)
    assert.ok(scoresOf(model, holed).every(Number.isFinite))
    const spoilt = fresh.slice(0, 50 * width)
    for (let i = 0; i < 50; i++) spoilt[(i + 1) * width - channels + 1]! += 5
    const found = scoresOf(model, spoilt).filter((score) => score > model.calibration.threshold).length
    assert.ok(found > 40, `${found} of 50 found`)
  })

  test(`${kind}, windows: trimmed rows are left out and calibrate all the same; too few are refused`, async () => {
    const model = await fitted(rows, channels, { trim: { share: 0.02, rounds: 1 } })
    assert.equal(model.calibration.count, rows.length / width)
    const refused = (thrown: unknown): boolean => thrown instanceof Failure && thrown.code === 'data-too-little'
    for (const count of [0, 1, 99]) await assert.rejects(fitted(rows.subarray(0, count * width)), refused)
  })
}
