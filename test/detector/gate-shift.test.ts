import assert from 'node:assert/strict'
import { test } from 'node:test'
import { distanceOf } from '../../libs/detector/gate-shift.ts'

test('equal samples are 0 apart, samples that do not overlap 1, ties count once', () => {
  const a = Float64Array.of(1, 2, 2, 3)
  assert.equal(distanceOf(a, Float64Array.of(3, 2, 1, 2)), 0)
  assert.equal(distanceOf(a, Float64Array.of(4, 5)), 1)
  assert.equal(distanceOf(a, Float64Array.of(2, 2, 2, 2)), 0.25)
})
