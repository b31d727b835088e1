import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { cholesky, constantColumns, covariance, invert, invertLower } from '../../libs/detector/covariance.ts'

function product(a: Float64Array, b: Float64Array, n: number, transposed: 'plain' | 'transposed'): Float64Array {
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++)
        out[i * n + j]! += a[i * n + k]! * (transposed === 'plain' ? b[k * n + j]! : b[j * n + k]!)
  return out
}

function near(a: Float64Array, b: ArrayLike<number>, tolerance: number): void {
  for (let i = 0; i < a.length; i++) assert.ok(Math.abs(a[i]! - b[i]!) <= tolerance, `${i}: ${a[i]} for ${b[i]}`)
}

const identity = (n: number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0))

test('eight rows by hand', () => {
  const rows = Float32Array.of(1, 1, -1, -1, 1, 1, -1, -1, 1, -1, -1, 1, 1, 1, -1, -1)
  const { matrix, mean, shrinkage } = covariance(rows, 8, 2)
  near(mean, [0, 0], 0)
  // S = [[1, ½], [½, 1]]: μ = 1, d² = ½, b̄² = (4 − 2.5) / 8 = 0.1875, so the weight is 0.375.
  assert.equal(shrinkage, 0.375)
  near(matrix, [1 + 1e-5, 0.3125, 0.3125, 1 + 1e-5], 1e-12)
})

test('factor, inverse factor and inverse belong together', () => {
  const random = new Random(4)
  const n = 7
  const rows = Float32Array.from({ length: 200 * n }, () => random.normal())
  const { matrix } = covariance(rows, 200, n)
  const factor = cholesky(matrix, n)
  near(product(factor, factor, n, 'transposed'), matrix, 1e-12)
  near(product(factor, invertLower(factor, n), n, 'plain'), identity(n), 1e-12)
  near(product(matrix, invert(matrix, n), n, 'plain'), identity(n), 1e-12)
})

test('rows that are all equal, fewer rows than columns, and columns that repeat each other stay invertible', () => {
  const random = new Random(5)
  const repeated = Float32Array.from({ length: 100 }, (_, i) => Math.sin(i))
  const twice = Float32Array.from({ length: 200 }, (_, i) => repeated[i >> 1]!)
  for (const [rows, count, n] of [
    [new Float32Array(40).fill(2), 10, 4],
    [Float32Array.from({ length: 24 }, () => random.normal()), 3, 8],
    [twice, 100, 2],
  ] as const) {
    const inverse = invert(covariance(rows, count, n).matrix, n)
    assert.ok(inverse.every(Number.isFinite))
  }
})

test('a column that never moved stands by itself with variance 1', () => {
  const rows = Float32Array.of(1, 5, 2, 5, 3, 5, 7, Number.NaN)
  const constant = constantColumns(rows, 4, 2)
  assert.deepEqual([...constant], [0, 1])
  const { matrix } = covariance(Float32Array.of(1, 0, 2, 0, 3, 0, 7, 0), 4, 2, constant)
  assert.deepEqual([matrix[1], matrix[2], matrix[3]], [0, 0, 1])
})
