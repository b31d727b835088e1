import assert from 'node:assert/strict'
import { test } from 'node:test'
import { knotsOf } from '../../libs/detector/sampler.ts'

test('knots of a column of few values are these values, however many rows hold each', () => {
  for (let zeros = 1; zeros < 200; zeros++) {
    const knots = knotsOf(Float32Array.from({ length: 200 }, (_, i) => (i < zeros ? 0 : 1)))
    assert.deepEqual(
      [...new Set(knots)].filter((knot) => knot !== 0 && knot !== 1),
      [],
      `${zeros} zeros`,
    )
  }
  const many = knotsOf(Float32Array.from({ length: 200 }, (_, i) => i))
  assert.ok(
    [...many].some((knot) => !Number.isInteger(knot)),
    'of many values they lie between',
  )
})
