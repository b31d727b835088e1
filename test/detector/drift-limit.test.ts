import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fisherQuantile, limitOf, usualOf } from '../../libs/detector/drift-limit.ts'

/** Values of tables of F, by its degrees of freedom and the rate. */
test('quantiles agree with the tables', () => {
  for (const [freedom, below, rate, expected] of [
    [5, 60, 0.01, 3.339],
    [10, 120, 0.001, 3.237],
    [4, 40, 0.001, 5.698],
  ] as const)
    assert.ok(Math.abs(fisherQuantile(freedom, below, rate) / expected - 1) < 0.02, `${freedom} ${below}`)
})

test('a smaller rate, fewer times or a wilder history never lowers the limit', () => {
  const calm = usualOf([1, 1.1, 0.9, 1, 1.05, 0.95, 1, 1], 9)
  const wild = usualOf([0.1, 3, 0.2, 0.4, 2.6, 0.3, 0.7, 0.7], 9)
  assert.ok(limitOf(calm, 8, 1e-4) > limitOf(calm, 8, 1e-3))
  assert.ok(limitOf(calm, 8, 1e-3) > limitOf(calm, 24, 1e-3))
  assert.ok(limitOf(wild, 8, 1e-3) > limitOf(calm, 8, 1e-3))
  assert.ok(limitOf(wild, 8, 0.4) >= 1.5 * 3)
  assert.deepEqual(usualOf([0, 0, 0], 9), { mean: 0, freedom: (9 * 3) / 11, most: 0 })
  assert.equal(limitOf(usualOf([0, 0, 0], 9), 3, 1e-3), 0)
})
