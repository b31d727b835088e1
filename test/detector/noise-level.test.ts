// The level of noise that a detector tells, and what is left of the noise once it is taken off: on planted rows, and on tables
// with noise of 0.3 standard deviations.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { blended } from '../../libs/detector/blend.ts'
import { fit } from '../../libs/detector/fit.ts'
import type { Model } from '../../libs/detector/model.ts'
import { noiseLevel } from '../../libs/detector/noise-level.ts'
import { reconstruction } from '../../libs/detector/reconstruction.ts'
import { errorsOf, withNoise } from '../../libs/detector/spoilt.ts'
import { absent, tableSplit } from '../quality/datasets.ts'
import { linearModel, planted, requestOf } from './planted.ts'

const seed = Number(process.env['SEED'] ?? 3)
const put = 0.3
const rowsMax = 1_000

function deviationsOf({ scaler }: Model): Float32Array {
  return scaler.inverseScale.map((inverse) => (inverse === 0 ? 1 : 1 / inverse))
}

test('rows like those of training have next to no noise, noisy ones what was put on, gaps or not', () => {
  const width = 5
  const model = linearModel(planted(4000, width, 1), planted(400, width, 2), width, 0.01)
  const rows = planted(2000, width, 3)
  assert.ok((noiseLevel(model, rows, seed) ?? 1) < 0.02)
  for (const level of [0.1, 0.3, 1]) {
    const noise = deviationsOf(model).map((deviation) => level * deviation)
    const noisy = withNoise(rows, noise, seed + 1)
    for (const given of [noisy, noisy.map((value, i) => (i % 11 === 0 ? Number.NaN : value))]) {
      const found = noiseLevel(model, given, seed) ?? 0
      assert.ok(Math.abs(found - level) < 0.2 * level, `seed ${seed}: ${found} of ${level}`)
    }
  }
})

test('a column that has moved is no noise; without rows there is none', () => {
  const width = 9
  const model = linearModel(planted(4000, width, 1), planted(400, width, 2), width, 0.01)
  const moved = planted(1000, width, 3).map((value, i) => (i % width === 4 ? value + 0.05 : value))
  assert.ok((noiseLevel(model, moved, seed) ?? 1) < 0.03)
  assert.equal(noiseLevel(model, new Float32Array(0), seed), 0)
})

test('a model of which no member knows tells nothing', () => {
  const model = linearModel(planted(400, 3, 1), planted(400, 3, 2), 3, 0.01)
  const [member] = model.members
  const center = new Float32Array(3)
  const bend = { center, inverse: center.map(() => 1), scale: center.map(() => 1) }
  const bent = { ...model, members: [{ ...(member ?? assert.fail('no member')), bend }] }
  assert.equal(noiseLevel(bent, planted(50, 3, 4), seed), null)
})

describe('noise of 0.3 standard deviations on tables', { skip: absent }, () => {
  for (const name of ['cardio', 'fault', 'landsat', 'pendigits', 'vowels', 'Waveform', 'Wilt']) {
    test(name, async (context) => {
      const { width, train, test: all, labels } = tableSplit(name)
      const model = await fit(requestOf(train, width, { kind: 'ensemble', setting: 'balanced' }))
      const normal = labels.indexOf(1)
      const clean = all.slice(0, Math.min(rowsMax, normal) * width)
      const deviations = deviationsOf(model)
      const { reconstruct } = reconstruction(model)
      const restore = (cells: Float32Array): Float32Array => {
        const out = new Float32Array(cells.length)
        for (let from = 0; from < cells.length; from += width)
          out.set(reconstruct(cells.subarray(from, from + width)), from)
        return out
      }
      const of = (level: number): Float32Array => deviations.map((deviation) => level * deviation)
      const noisy = withNoise(clean, of(put), seed)
      const left = (level: number): number => {
        const restored = blended(noisy, { restore, noise: of(level), deviations, seed })
        const { root } = errorsOf(clean, noisy, { restored, baseline: noisy }, deviations)
        return root.restored / root.baseline
      }
      const told = noiseLevel(model, noisy, seed) ?? 0
      const [known, unknown] = [left(put), left(told)]
      context.diagnostic(
        `${name}: left ${known.toFixed(3)}, with the level told (${told.toFixed(3)}) ${unknown.toFixed(3)}`,
      )
      assert.ok(known < 0.96, `seed ${seed}: ${known}`)
      assert.ok(unknown < 0.98, `seed ${seed}: ${unknown}`)
    })
  }
})
