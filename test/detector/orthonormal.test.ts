import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { dot, orthonormalise } from '../../libs/detector/orthonormal.ts'

test('vectors become orthonormal; one that depends on those before becomes 0', () => {
  const random = new Random(1)
  const vectors = Float64Array.from({ length: 4 * 9 }, () => random.normal())
  for (let j = 0; j < 9; j++) vectors[2 * 9 + j] = 3 * vectors[j]! - vectors[9 + j]!
  orthonormalise(vectors, 4, 9)
  const own = (v: number): Float64Array => vectors.subarray(v * 9, (v + 1) * 9)
  for (let v = 0; v < 4; v++)
    for (let u = 0; u < 4; u++) {
      assert.ok(Math.abs(dot(own(v), own(u)) - (v === u && v !== 2 ? 1 : 0)) < 1e-12, `${v} and ${u}`)
    }
})
