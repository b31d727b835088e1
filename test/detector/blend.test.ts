import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { blended } from '../../libs/detector/blend.ts'

const seed = Number(process.env['SEED'] ?? 8)
const count = 20_000
const one = Float32Array.of(1)

function normals(deviation: number, from: Random): Float32Array {
  return Float32Array.from({ length: count }, () => deviation * from.normal())
}

function squareOf(found: Float32Array, truth: Float32Array): number {
  return found.reduce((sum, value, i) => sum + (value - truth[i]!) ** 2, 0) / count
}

test('a blend is nearer to the truth than cells and reconstruction are, as theory says', () => {
  const random = new Random(seed)
  const truth = normals(1, random)
  const noise = normals(0.5, random)
  const cells = truth.map((value, i) => value + noise[i]!)
  const other = normals(1, random)
  const reconstructed = truth.map((value, i) => value + other[i]!)
  const blending = { noise: Float32Array.of(0.5), deviations: one, seed }
  const apart = squareOf(blended(cells, { ...blending, restore: () => reconstructed }), truth)
  // Of independent estimates with variances ¼ and 1 the best blend has 1 / (4 + 1).
  assert.ok(Math.abs(apart - 0.2) < 0.01, `seed ${seed}: ${apart}`)
  // One that lets half of each cell through moves it half as far: of it twice as much is taken.
  const through = (given: Float32Array): Float32Array => given.map((value, i) => (value + reconstructed[i]!) / 2)
  const half = squareOf(blended(cells, { ...blending, restore: through }), truth)
  assert.ok(Math.abs(half - apart) < 0.01, `seed ${seed}: ${half}, ${apart}`)
})

test('a reconstruction that is worth nothing, or that is the cells, leaves them nearly as they are', () => {
  const random = new Random(seed)
  const cells = normals(1, random)
  const blending = { noise: Float32Array.of(0.3), deviations: one, seed }
  const far = normals(30, random)
  assert.ok(squareOf(blended(cells, { ...blending, restore: () => far }), cells) < 1e-3)
  assert.deepEqual(blended(cells, { ...blending, restore: (given) => given.slice() }), cells)
})

test('without noise cells stay, with more than there is of anything else they go; missing ones are reconstructed', () => {
  const cells = Float32Array.of(1, 10, Number.NaN, 20)
  const reconstructed = Float32Array.of(2, 12, 3, 23)
  const blending = {
    restore: () => reconstructed,
    noise: Float32Array.of(0, 9),
    deviations: Float32Array.of(1, 1),
    seed,
  }
  assert.deepEqual(blended(cells, blending), Float32Array.of(1, 12, 3, 23))
  const still = { ...blending, restore: () => cells, noise: Float32Array.of(0, 0) }
  assert.deepEqual(blended(cells, still), cells)
})
