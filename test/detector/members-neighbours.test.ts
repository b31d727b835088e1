// A member that remembers rows: its score is a distance, its reconstruction the mean of the nearest, on both kernels.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { artefact, parseArtefact } from '../../libs/detector/artefact.ts'
import { engine } from '../../libs/detector/engine.ts'
import { twinKernel, wasmKernel } from '../../libs/detector/kernel/kernel.ts'
import { detector } from '../../libs/detector/load.ts'
import type { Model } from '../../libs/detector/model.ts'
import { scoresOf } from '../../libs/detector/scores.ts'
import { sampleModel, sampleRows } from './sample-model.ts'

const width = 7
const count = 130
const neighbours = 5
const base = sampleModel({
  widths: [width, width],
  activation: { kind: 'linear' },
  scoring: 'error-over-train',
  members: 1,
  seed: 3,
})

/** With a metric (each column stretched) and factors of its own, or with none. */
function remembering(measured: boolean, probes = 8): Model {
  const random = Random.derived(3, 'stored')
  const rows = Float32Array.from({ length: count * width }, () => random.normal())
  const diagonal = (value: (j: number) => number): Float32Array =>
    Float32Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? value(i % width) : 0))
  const metric = measured ? { to: diagonal((j) => 1 + j / 10), back: diagonal((j) => 1 / (1 + j / 10)) } : null
  const factors = Float32Array.from({ length: count }, () => (measured ? 0.9 + 0.2 * random.uniform() : 1))
  return {
    ...base,
    members: [{ kind: 'neighbours', rows, count, neighbours, probes, metric, scoring: { kind: 'distance', factors } }],
  }
}

const plain = remembering(false)

test('the score is the mean distance to the five nearest, in scaled units', () => {
  const rows = sampleRows(plain, 50, 0, 1)
  const scores = scoresOf(plain, rows)
  const [member] = plain.members
  assert.ok(member?.kind === 'neighbours')
  for (let i = 0; i < 50; i++) {
    const distances = Float64Array.from({ length: count }, (_, s) => {
      let sum = 0
      for (let j = 0; j < width; j++) {
        const z = (rows[i * width + j]! - plain.scaler.mean[j]!) * plain.scaler.inverseScale[j]!
        sum += (z - member.rows[s * width + j]!) ** 2
      }
      return Math.sqrt(sum)
    }).sort()
    const wanted = distances.subarray(0, neighbours).reduce((sum, distance) => sum + distance, 0) / neighbours
    assert.ok(Math.abs(scores[i]! - wanted) < 1e-4 * (1 + wanted), `${scores[i]} for ${wanted}`)
  }
})

for (const [name, model] of [
  ['plain', plain],
  ['in a metric', remembering(true)],
  ['in the nearest cells', remembering(true, 2)],
] as const) {
  test(`${name}: the same bits from both kernels and for every batch, missing values included`, () => {
    const rows = sampleRows(model, 150, 0.05, 2)
    const scoresBy = (make: typeof wasmKernel, batch: number): Float32Array => {
      const running = engine(model, make)
      const scores = new Float32Array(150)
      for (let from = 0; from < 150; from += batch) {
        const size = Math.min(batch, 150 - from)
        running.input.set(rows.subarray(from * width, (from + size) * width))
        running.score(size, scores.subarray(from, from + size))
      }
      return scores
    }
    const whole = scoresBy(wasmKernel, 150)
    assert.ok(whole.every((score) => Number.isFinite(score) && score >= 0))
    assert.deepEqual(scoresBy(twinKernel, 150), whole)
    for (const batch of [1, 3, 64, 65]) assert.deepEqual(scoresBy(wasmKernel, batch), whole)
  })

  test(`${name}: an artefact brings it back, and a score that is not finite never comes of extremes`, () => {
    const rows = sampleRows(model, 16, 0, 4)
    assert.deepEqual(parseArtefact(artefact(model, rows)).members, model.members)
    const wild = new Float32Array(3 * width).fill(3.4e38, 0, width).fill(Number.NaN, width, 2 * width)
    assert.ok(scoresOf(model, wild).every((score) => Number.isFinite(score) && score >= 0))
  })

  test(`${name}: a spoilt column is named`, () => {
    const { members, scaler } = model
    const [member] = members
    assert.ok(member?.kind === 'neighbours')
    const running = detector(model, 'test')
    let named = 0
    for (let i = 0; i < 20; i++) {
      const row = Float32Array.from({ length: width }, (_, j) => {
        const z = member.rows[i * width + j]! / (member.metric === null ? 1 : 1 + j / 10) + (j === i % width ? 12 : 0)
        return scaler.mean[j]! + z / scaler.inverseScale[j]!
      })
      const { contributions } = running.explain(row)
      if (contributions.indexOf(Math.max(...contributions)) === i % width) named++
    }
    assert.ok(named >= 18, `${named} of 20`)
  })
}
