import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { blended } from '../../libs/detector/blend.ts'

test('a blend is nearer to the truth than cells and reconstruction are, as theory says', () => {
  const random = new Random(Number(process.env['SEED'] ?? 8))
  const count = 20_000
  const truth = Float32Array.from({ length: count }, () => random.normal())
  const cells = truth.map((value) => value + 0.5 * random.normal())
  const reconstructed = truth.map((value) => value + random.normal())
  const found = blended(cells, reconstructed, Float32Array.of(0.5))
  const square = found.reduce((sum, value, i) => sum + (value - truth[i]!) ** 2, 0) / count
  // Of independent estimates with variances ¼ and 1 the best blend has 1 / (4 + 1).
  assert.ok(Math.abs(square - 0.2) < 0.01, `${square}`)
})

test('without noise cells stay, with more than there is of anything else they go; missing ones are reconstructed', () => {
  const cells = Float32Array.of(1, 10, Number.NaN, 20)
  const reconstructed = Float32Array.of(2, 12, 3, 23)
  assert.deepEqual(blended(cells, reconstructed, Float32Array.of(0, 9)), Float32Array.of(1, 12, 3, 23))
  assert.deepEqual(blended(cells, cells, Float32Array.of(0, 0)), cells)
})
