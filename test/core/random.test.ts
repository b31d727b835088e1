import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../libs/core/random.ts'

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length }
}

test('the same seed gives the same numbers, another seed or purpose others', () => {
  const draw = (random: Random): number[] => Array.from({ length: 20 }, () => random.uniform())
  assert.deepEqual(draw(new Random(7)), draw(new Random(7)))
  assert.notDeepEqual(draw(new Random(7)), draw(new Random(8)))
  assert.notDeepEqual(draw(Random.derived(7, 'a')), draw(Random.derived(7, 'b')))
})

test('the first numbers of seed 1 stay what they are, on every machine', () => {
  const random = new Random(1)
  assert.deepEqual(
    [random.bits(), random.bits(), random.bits()].map((bits) => bits.toString(16)),
    golden,
  )
})

test('moments of the distributions', () => {
  const random = new Random(3)
  const of = (draw: () => number): { mean: number; variance: number } => moments(Array.from({ length: 100_000 }, draw))
  const near = (found: number, wanted: number): void =>
    assert.ok(Math.abs(found - wanted) < 0.02, `${found}, ${wanted}`)
  const uniform = of(() => random.uniform())
  near(uniform.mean, 0.5)
  near(uniform.variance, 1 / 12)
  const normal = of(() => random.normal())
  near(normal.mean, 0)
  near(normal.variance, 1)
  const exponential = of(() => random.exponential())
  near(exponential.mean, 1)
})

test('a shuffle keeps every element', () => {
  const order = Int32Array.from({ length: 500 }, (_, i) => i)
  new Random(2).shuffle(order)
  assert.notDeepEqual(
    [...order],
    [...order].sort((a, b) => a - b),
  )
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    Array.from({ length: 500 }, (_, i) => i),
  )
})

/** Computed by another implementation of splitmix32 and xoshiro128** (Python integers). */
const golden: readonly string[] = ['177119d4', '81962de5', 'e3609ab3']
