import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorsOf, medians, withGaps, withNoise } from '../../libs/detector/spoilt.ts'

const gap = Number.NaN

test('a share of the known cells is hidden, by the seed alone', () => {
  const cells = Float32Array.from({ length: 9000 }, (_, i) => (i % 9 === 0 ? gap : i))
  const hidden = withGaps(cells, 0.2, 3)
  assert.deepEqual(withGaps(cells, 0.2, 3), hidden)
  assert.notDeepEqual(withGaps(cells, 0.2, 4), hidden)
  const lost = hidden.filter((value, i) => Number.isNaN(value) && i % 9 !== 0).length
  assert.ok(Math.abs(lost / 8000 - 0.2) < 0.02, `${lost}`)
  assert.ok(hidden.every((value, i) => Number.isNaN(value) || value === cells[i]))
})

test('noise has the deviation asked for in each column', () => {
  const noisy = withNoise(new Float32Array(20_000), Float32Array.of(1, 0), 5)
  const squares = noisy.reduce((sum, value) => sum + value * value, 0)
  assert.ok(Math.abs(squares / 10_000 - 1) < 0.05, `${squares}`)
  assert.ok(noisy.every((value, i) => i % 2 === 0 || value === 0))
})

test('medians pass over what is missing', () => {
  assert.deepEqual(medians(Float32Array.of(3, gap, 1, gap, 2, gap, gap, gap), 2), Float32Array.of(2, 0))
  assert.deepEqual(medians(Float32Array.of(4, 1), 1), Float32Array.of(2.5))
})

test('errors are of the spoilt cells alone, in the units of their column and in its deviations', () => {
  const truth = Float32Array.of(1, 10, 3, 30, gap, 50)
  const spoilt = Float32Array.of(gap, 10, 3, gap, gap, gap)
  const restored = Float32Array.of(2, 0, 0, 40, 9, 50)
  const baseline = Float32Array.of(4, 0, 0, 30, 9, 90)
  assert.deepEqual(errorsOf(truth, spoilt, { restored, baseline }, Float32Array.of(1, 10)), {
    cells: 3,
    mean: { restored: 2 / 3, baseline: 7 / 3 },
    root: { restored: Math.sqrt(2 / 3), baseline: Math.sqrt(25 / 3) },
    columns: [
      { cells: 1, restored: 1, baseline: 3 },
      { cells: 2, restored: 5, baseline: 20 },
    ],
  })
})
