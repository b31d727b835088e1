// Explain: a planted bad feature ranks first, what was expected of it and of the others stays near normal. The model is
// linear and exact: it projects on the three factors that the rows are made of, so that no training is needed.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { fit } from '../../libs/detector/fit.ts'
import { detector } from '../../libs/detector/load.ts'
import type { DenseLayer, Model } from '../../libs/detector/model.ts'
import { requestOf } from './planted.ts'
import { sampleModel } from './sample-model.ts'

const width = 12
const factors = 3
const noise = 0.1
const random = Random.derived(3, 'explain-test')

/** Orthonormal directions, a row each. */
const directions = orthonormal()
const scales = Float64Array.from({ length: width }, (_, c) => 0.5 + c)
const centers = Float64Array.from({ length: width }, (_, c) => 10 * c - 40)

function orthonormal(): Float64Array[] {
  const found: Float64Array[] = []
  while (found.length < factors) {
    const candidate = Float64Array.from({ length: width }, () => random.normal())
    for (const other of found) {
      const dot = candidate.reduce((sum, value, c) => sum + value * other[c]!, 0)
      candidate.forEach((value, c) => {
        candidate[c] = value - dot * other[c]!
      })
    }
    const norm = Math.sqrt(candidate.reduce((sum, value) => sum + value * value, 0))
    found.push(candidate.map((value) => value / norm))
  }
  return found
}

function projection(scoring: 'mahalanobis' | 'error-over-train'): Model {
  const base = sampleModel({
    widths: [width, factors, width],
    activation: { kind: 'linear' },
    scoring,
    members: 1,
    seed: 1,
  })
  const layer = (inputs: number, outputs: number, weight: (i: number, o: number) => number): DenseLayer => ({
    kind: 'dense',
    inputs,
    outputs,
    activation: { kind: 'linear' },
    weights: Float32Array.from({ length: inputs * outputs }, (_, at) => weight(Math.floor(at / outputs), at % outputs)),
    bias: new Float32Array(outputs),
  })
  const variance = noise * noise
  return {
    ...base,
    scaler: {
      mean: Float32Array.from(centers),
      inverseScale: Float32Array.from(scales, (scale) => 1 / scale),
      clip: 1000,
    },
    members: [
      {
        kind: 'dense',
        layers: [
          layer(width, factors, (i, o) => directions[o]![i]!),
          layer(factors, width, (i, o) => directions[i]![o]!),
        ],
        scoring:
          scoring === 'mahalanobis'
            ? {
                kind: scoring,
                residualMean: new Float32Array(width),
                whitening: Float32Array.from({ length: width * width }, (_, at) =>
                  at % (width + 1) === 0 ? 1 / noise : 0,
                ),
              }
            : { kind: scoring, trainError: new Float32Array(width).fill(variance) },
      },
    ],
  }
}

function normalRow(): Float32Array {
  const codes = directions.map(() => random.normal() * 3)
  return Float32Array.from({ length: width }, (_, c) => {
    const z = codes.reduce((sum, code, k) => sum + code * directions[k]![c]!, 0) + noise * random.normal()
    return centers[c]! + z * scales[c]!
  })
}

for (const scoring of ['mahalanobis', 'error-over-train'] as const) {
  test(`${scoring}: of 500 rows with one bad feature it ranks first in at least 95 of 100, and its value is restored`, (t) => {
    const running = detector(projection(scoring), 'none')
    let hits = 0
    let restored = 0
    const near: number[] = []
    for (let trial = 0; trial < 500; trial++) {
      const row = normalRow()
      const bad = random.integer(width)
      const before = row[bad]!
      row[bad] = before + (random.uniform() < 0.5 ? -1 : 1) * (1.5 + random.uniform()) * scales[bad]!
      const { contributions, expected } = running.explain(row)
      const first = contributions.indexOf(Math.max(...contributions))
      assert.ok(Math.abs(contributions.reduce((sum, value) => sum + value, 0) - 1) < 1e-5)
      assert.ok(contributions.every((value) => value >= 0))
      if (first === bad) hits++
      if (Math.abs(expected[bad]! - before) < 0.75 * scales[bad]!) restored++
      for (let c = 0; c < width; c++) {
        if (c !== bad) near.push(Math.abs(expected[c]! - row[c]!) / scales[c]!)
      }
    }
    near.sort((a, b) => a - b)
    const far = near[Math.floor(near.length * 0.99)]!
    t.diagnostic(
      `first in ${hits} of 500, restored in ${restored}; 99 of 100 other values expected within ${far} scales`,
    )
    assert.ok(hits >= 475, `${hits} hits`)
    assert.ok(restored >= 475, `${restored} restored`)
    assert.ok(far < 0.5, `${far} scales`)
  })

  test(`${scoring}: explaining leaves the input and later scores as they are`, () => {
    const running = detector(projection(scoring), 'none')
    const rows = [normalRow(), normalRow(), normalRow()]
    rows.forEach((row, i) => {
      running.input.set(row, i * width)
    })
    const [a, b] = [new Float32Array(3), new Float32Array(3)]
    running.score(3, a)
    const first = running.explain(running.input.subarray(0, width))
    running.score(3, b)
    assert.deepEqual(a, b)
    assert.deepEqual(running.explain(rows[0]!), first)
  })
}

test('a missing value is marked, filled in near what it was, and blamed for nothing (X3)', () => {
  const running = detector(projection('mahalanobis'), 'none')
  let error = 0
  let spread = 0
  for (let trial = 0; trial < 200; trial++) {
    const row = normalRow()
    const hidden = row[4]!
    row[4] = Number.NaN
    const { contributions, expected, imputed } = running.explain(row)
    assert.deepEqual([...imputed], [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    assert.equal(contributions[4], 0)
    error += (expected[4]! - hidden) ** 2
    spread += (hidden - centers[4]!) ** 2
  }
  assert.ok(error < spread / 2, `mean square error ${error}, of the column's mean ${spread}`)
})

test('a row that is reconstructed exactly has nothing to explain (X1)', () => {
  const running = detector(projection('mahalanobis'), 'none')
  const { contributions } = running.explain(Float32Array.from(centers))
  assert.ok(contributions.every((value) => value === 0))
})

test('nothing is expected that is farther from normal than rows can be', () => {
  const model = projection('mahalanobis')
  const [member] = model.members
  assert.ok(member?.kind === 'dense')
  const doubling: DenseLayer = {
    kind: 'dense',
    inputs: width,
    outputs: width,
    activation: { kind: 'linear' },
    weights: Float32Array.from({ length: width * width }, (_, at) => (at % (width + 1) === 0 ? 2 : 0)),
    bias: new Float32Array(width).fill(1),
  }
  const clip = 50
  const scaler = { ...model.scaler, clip }
  const running = detector({ ...model, scaler, members: [{ ...member, layers: [doubling] }] }, 'none')
  const row = normalRow()
  row[4] = Number.NaN
  assert.equal(running.explain(row).expected[4], Math.fround(centers[4]! + clip * scales[4]!))
})

test('however many values are bad or missing at once, nothing outside of the range of training is expected (X4)', () => {
  const model = projection('error-over-train')
  const [member] = model.members
  assert.ok(member?.kind === 'dense')
  const [first, last] = member.layers
  assert.ok(first !== undefined && last !== undefined)
  // It overshoots, so that what it fills in grows from round to round.
  const overshooting = { ...member, layers: [first, { ...last, weights: last.weights.map((weight) => 3 * weight) }] }
  const rows = Array.from({ length: 200 }, normalRow)
  const bound = (least: number): Float32Array =>
    Float32Array.from({ length: width }, (_, c) => least * Math.max(...rows.map((row) => least * row[c]!)))
  const range = { low: bound(-1), high: bound(1) }
  const outside = (scaler: Model['scaler']): number => {
    const running = detector({ ...model, scaler, members: [overshooting] }, 'none')
    let count = 0
    for (let trial = 0; trial < 100; trial++) {
      const row = normalRow()
      for (let bad = 0; bad < 4; bad++) row[random.integer(width)] = bad === 0 ? Number.NaN : 1e4 * random.normal()
      const { expected } = running.explain(row)
      for (const [c, value] of expected.entries()) if (!(value >= range.low[c]! && value <= range.high[c]!)) count++
    }
    return count
  }
  assert.equal(outside({ ...model.scaler, range }), 0)
  assert.ok(outside(model.scaler) > 100, 'without a known range it would be')
})

test('of windows the channel is named, the step where it began, and about what was there', async (t) => {
  const [steps, channels] = [16, 4]
  const wide = steps * channels
  const windows = (count: number, seed: number): Float32Array => {
    const drift = Random.derived(seed, 'drift')
    let cause = 0
    const series = Float32Array.from({ length: (count + steps - 1) * channels }, (_, i) => {
      if (i % channels === 0) cause = 0.9 * cause + 0.4 * drift.normal()
      return (1 + (i % channels)) * cause + 0.2 * drift.normal()
    })
    const out = new Float32Array(count * wide)
    for (let i = 0; i < count; i++) out.set(series.subarray(i * channels, i * channels + wide), i * wide)
    return out
  }
  const groups = Int32Array.from({ length: wide }, (_, j) => j % channels)
  const model = await fit(requestOf(windows(800, 1), wide, { kind: 'ensemble', steps, groups }))
  const running = detector(model, 'none')
  const fresh = windows(120, 2)
  let [named, begun, near] = [0, 0, 0]
  for (let i = 0; i < 120; i++) {
    const before = fresh.slice(i * wide, (i + 1) * wide)
    const [channel, onset] = [i % channels, i % 8]
    const row = before.slice()
    const began = wide - (onset + 1) * channels + channel
    for (let j = began; j < wide; j += channels) row[j]! += (i % 3 === 0 ? -3 : 3) * (1 + channel)
    const { contributions, expected } = running.explain(row)
    const blame = new Float64Array(channels)
    for (const [j, share] of contributions.entries()) blame[j % channels]! += share
    if (blame.indexOf(Math.max(...blame)) !== channel) continue
    named++
    const first = contributions.findIndex((share, j) => share > 0 && j % channels === channel)
    if (Math.abs(first - began) <= channels) begun++
    const off = (j: number, values: Float32Array): number => Math.abs(values[j]! - before[j]!)
    if (off(began, expected) < off(began, row) / 2) near++
  }
  t.diagnostic(`of 120 windows ${named} named, ${begun} with the onset, ${near} with about what was there`)
  assert.ok(named >= 114 && begun >= 95 && near >= 100)
})
