import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { fitTail, tailQuantile } from '../../libs/detector/calibration-tail.ts'
import { tailProbability } from '../../libs/detector/threshold.ts'

/** Scores whose excesses over 1 are generalised Pareto with this shape and scale 2. */
function pareto(shape: number, count: number, seed: number): Float32Array {
  const random = new Random(seed)
  return Float32Array.from({ length: count }, () => {
    const u = 1 - random.uniform()
    return 1 + (shape === 0 ? -2 * Math.log(u) : (2 / shape) * (u ** -shape - 1))
  }).sort()
}

for (const shape of [-0.3, 0, 0.3, 0.6]) {
  test(`a tail of shape ${shape} is found again, and its quantile at 1e-4 within the sampling error`, () => {
    const tail = fitTail(pareto(shape, 20_000, 3))
    assert.ok(tail !== null)
    assert.ok(Math.abs(tail.shape - shape) < 0.15, `shape ${tail.shape}`)
    const truth = 1 + (shape === 0 ? -2 * Math.log(1e-4) : (2 / shape) * (1e-4 ** -shape - 1))
    const found = tailQuantile(tail, 1e-4)
    // 400 excesses: the shape is known to (1 + γ)/20, and the quantile lies ln(200) = 5.3 units of it out.
    assert.ok(Math.abs(Math.log(found / truth)) < (5.3 * (1 + shape)) / 20, `${found} for ${truth}`)
  })
}

test('probability and quantile are inverse to each other', () => {
  const tail = fitTail(pareto(0.2, 3000, 7))
  assert.ok(tail !== null)
  for (const rate of [0.01, 1e-3, 1e-5]) {
    const share = tailProbability(tail, tailQuantile(tail, rate))
    assert.ok(Math.abs(share / rate - 1) < 1e-6, `${share} for ${rate}`)
  }
})

test('scores that are equal at the top have no tail', () => {
  assert.equal(fitTail(new Float32Array(500).fill(3)), null)
  assert.equal(fitTail(new Float32Array(30).map((_, i) => i)), null)
})
