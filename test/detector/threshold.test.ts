// Threshold: p-values fall with the score, agree with the sample they were made of, and end in the fitted tail.

import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { Calibration } from '../../libs/detector/model.ts'
import { pValue, tailProbability } from '../../libs/detector/threshold.ts'

const calibration: Calibration = {
  alpha: 0.01,
  threshold: 30,
  method: 'pareto',
  count: 999,
  knotScores: Float32Array.of(1, 5, 20, 30),
  knotPs: Float32Array.of(0.999, 0.5, 0.02, 0.001),
  tail: { level: 20, shape: 0.2, scale: 3, excesses: 19, count: 999 },
  keys: null,
}

test('p is 1 below the knots, exact at a knot and that of the lower knot between two (T2)', () => {
  assert.equal(pValue(calibration, 0.5), 1)
  assert.equal(pValue(calibration, 5), 0.5)
  assert.equal(pValue(calibration, 19.9), 0.5)
  assert.equal(pValue(calibration, 25), Math.fround(0.02))
})

test('p never rises with the score and stays in (0, 1] (T1), for tails of either sign', () => {
  const score = fc.float({ min: 0, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(score, score, fc.double({ min: -0.5, max: 1, noNaN: true }), fc.boolean(), (a, b, shape, tailed) => {
      const tail = tailed ? { level: 20, shape, scale: 3, excesses: 19, count: 999 } : null
      const [low, high] = [Math.min(a, b), Math.max(a, b)].map((s) => pValue({ ...calibration, tail }, s)) as [
        number,
        number,
      ]
      assert.ok(low >= high && high > 0 && low <= 1, `${low} ${high}`)
    }),
  )
})

test('the tail is the generalised Pareto distribution, and the exponential where its shape vanishes', () => {
  const tail = { level: 20, shape: 0.2, scale: 3, excesses: 19, count: 999 }
  assert.ok(Math.abs(tailProbability(tail, 50) / ((19 / 999) * (1 + 0.2 * 10) ** -5) - 1) < 1e-12)
  assert.ok(Math.abs(tailProbability({ ...tail, shape: 0 }, 50) / ((19 / 999) * Math.exp(-10)) - 1) < 1e-12)
  assert.equal(tailProbability({ ...tail, shape: -0.5 }, 26.1), 0)
  assert.ok(pValue(calibration, 50) < 0.001)
})
