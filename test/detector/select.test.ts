import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keptRows } from '../../libs/detector/select.ts'

test('the highest scores go, in whole numbers and never more than a twentieth', () => {
  const scores = Float32Array.from({ length: 100 }, (_, i) => (i * 37) % 100)
  assert.deepEqual([...keptRows(scores, 0.02)].length, 98)
  assert.ok(keptRows(scores, 0.02).every((i) => scores[i]! < 98))
  assert.equal(keptRows(scores, 0.5).length, 95)
  assert.equal(keptRows(scores, 0.001).length, 100)
  assert.equal(keptRows(scores, 0).length, 100)
})

test('ties at the limit stay', () => {
  assert.equal(keptRows(new Float32Array(100).fill(1), 0.05).length, 100)
})
