import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Random } from '../../libs/core/random.ts'
import { distance, likeness } from '../../libs/detector/two-sample.ts'

/** By the definition: over every value of either sample. */
function slowDistance(a: readonly number[], b: readonly number[]): number {
  const upTo = (values: readonly number[], limit: number): number =>
    values.filter((value) => value <= limit).length / values.length
  return Math.max(...[...a, ...b].map((limit) => Math.abs(upTo(a, limit) - upTo(b, limit))))
}

test('the distance is that of its definition, ties and missing values included', () => {
  const sample = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(sample, sample, (a, b) => {
      const found = distance(Float64Array.from([...a, Number.NaN]), Float64Array.from(b))
      assert.ok(Math.abs(found - slowDistance(a, b)) < 1e-12, `${found}`)
    }),
  )
  assert.equal(distance(Float64Array.of(Number.NaN), Float64Array.of(1)), 1)
  assert.equal(distance(new Float64Array(0), new Float64Array(0)), 0)
})

/** Two columns of correlation `r`, a constant one. */
function pairs(count: number, r: number, seed: number): Float32Array {
  const random = new Random(seed)
  const rows = new Float32Array(3 * count)
  for (let i = 0; i < count; i++) {
    const a = random.normal()
    rows.set([a, r * a + Math.sqrt(1 - r * r) * random.normal(), 7], 3 * i)
  }
  return rows
}

test('samples of the same rows are alike within chance; a shift and a lost correlation are seen', () => {
  const [one, two] = [pairs(2000, 0.8, 1), pairs(3000, 0.8, 2)]
  const same = likeness(one, two, 3)
  assert.ok(
    same.distances.every((each) => each < 1.3 * same.distanceMax),
    same.distances.join(),
  )
  assert.equal(same.distances[2], 0)
  assert.ok((same.correlation?.difference ?? 1) < 0.05)
  const apart = likeness(one, pairs(3000, 0, 2), 3)
  assert.ok(Math.abs((apart.correlation?.difference ?? 0) - 0.8) < 0.05)
  assert.deepEqual(apart.correlation?.columns, [0, 1])
  const shifted = likeness(
    one,
    two.map((value, i) => (i % 3 === 0 ? value + 1 : value)),
    3,
  )
  // Of two normal distributions a deviation apart: 2 Φ(½) − 1.
  assert.ok(Math.abs((shifted.distances[0] ?? 0) - 0.383) < 0.05)
  assert.equal(likeness(Float32Array.of(1, 2), Float32Array.of(1), 1).correlation, null)
})
