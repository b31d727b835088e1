import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../libs/core/failure.ts'
import { Random } from '../../libs/core/random.ts'
import { alphaOf, calibrate } from '../../libs/detector/calibration.ts'
import { pValue } from '../../libs/detector/threshold.ts'

function exponential(count: number, seed: number): Float32Array {
  const random = new Random(seed)
  return Float32Array.from({ length: count }, () => random.exponential())
}

test('a budget a day becomes a rate by the measured rate of rows, within bounds', () => {
  assert.equal(alphaOf({ kind: 'rate', rate: 0.01 }, 1), 0.01)
  assert.equal(alphaOf({ kind: 'per-day', perDay: 10 }, 86_400), 10 / 86_400)
  assert.equal(alphaOf({ kind: 'per-day', perDay: 10 }, 0), 0.5)
  assert.equal(alphaOf({ kind: 'per-day', perDay: 0 }, 1e6), 1e-9)
})

test('where the sample suffices the threshold is the conformal quantile', () => {
  const scores = Float32Array.from({ length: 999 }, (_, i) => (i * 7) % 999)
  const calibration = calibrate(scores, 0.05)
  assert.deepEqual([calibration.method, calibration.threshold], ['conformal', 949])
  // ⌊1000 · 0.05⌋ = 50: with 950 the 50th from above, p(950) = (1 + 49) / 1000.
  assert.equal(scores.filter((score) => score > 949).length, 49)
})

test('beyond it the tail decides, near the true quantile', () => {
  const { method, threshold } = calibrate(exponential(5000, 1), 1e-4)
  assert.equal(method, 'pareto')
  assert.ok(Math.abs(threshold - -Math.log(1e-4)) < 2, `${threshold}`)
})

test('realised rates over fresh scores lie around the target, with the tail and without', () => {
  for (const [alpha, count] of [
    [0.01, 200],
    [0.01, 500],
    [0.01, 2000],
    [0.001, 2000],
  ] as const) {
    let over = 0
    for (let seed = 0; seed < 40; seed++) {
      const { threshold } = calibrate(exponential(count, seed), alpha)
      over += Math.exp(-threshold) / alpha / 40
    }
    assert.ok(over > 0.7 && over < 1.5, `target ${alpha} with ${count} rows: ${over} times`)
  }
})

test('the least threshold counts where not one alarm is expected, and only there', () => {
  const scores = exponential(400, 1)
  assert.equal(calibrate(scores, 0.001, 100).threshold, 100)
  assert.equal(calibrate(scores, 0.001, 1).threshold, calibrate(scores, 0.001).threshold)
  assert.equal(calibrate(scores, 0.01, 100).threshold, calibrate(scores, 0.01).threshold)
})

test('C1 a lower rate never gives a lower threshold, C2 every number is finite', () => {
  const shapes = fc.constantFrom('exponential', 'ties', 'heavy', 'constant', 'bounded')
  fc.assert(
    fc.property(shapes, fc.integer({ min: 50, max: 400 }), fc.integer({ min: 0, max: 1000 }), (shape, count, seed) => {
      const random = new Random(seed)
      const scores = Float32Array.from({ length: count }, () => {
        const x = random.exponential()
        return {
          exponential: x,
          ties: Math.floor(x * 3),
          heavy: Math.expm1(3 * x),
          constant: 1,
          bounded: 1 - 1 / (1 + x),
        }[shape]
      })
      let last = Number.NEGATIVE_INFINITY
      for (const alpha of [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 1e-3, 1e-4, 1e-6, 1e-9]) {
        const calibration = calibrate(scores, alpha)
        assert.ok(Number.isFinite(calibration.threshold))
        assert.ok(calibration.threshold >= last, `${shape}: ${calibration.threshold} after ${last} at ${alpha}`)
        last = calibration.threshold
        assert.ok(calibration.knotScores.every(Number.isFinite) && calibration.knotPs.every((p) => p > 0 && p <= 1))
        assert.equal(calibration.threshold, Math.fround(calibration.threshold))
      }
    }),
    { numRuns: 60, seed: 11 },
  )
})

test('knots are strictly ascending, end with the greatest score, and give the p-value of the whole sample', () => {
  const scores = Float32Array.from(exponential(3000, 5), (score) => Math.fround(Math.round(score * 200) / 200))
  const calibration = calibrate(scores, 0.01)
  const { knotScores, knotPs } = calibration
  for (let i = 1; i < knotScores.length; i++)
    assert.ok(knotScores[i]! > knotScores[i - 1]! && knotPs[i]! < knotPs[i - 1]!)
  assert.equal(knotScores.at(-1), scores.slice().sort().at(-1))
  for (const [i, knot] of knotScores.entries()) {
    const p = (1 + scores.filter((score) => score >= knot).length) / 3001
    assert.equal(knotPs[i], Math.fround(p))
    assert.equal(pValue(calibration, knot), Math.fround(p))
  }
})

test('too small a sample is refused', () => {
  const refused = (thrown: unknown): boolean => thrown instanceof Failure && thrown.code === 'data-too-little'
  assert.throws(() => calibrate(exponential(49, 1), 0.01), refused)
})
