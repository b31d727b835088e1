import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { fitScaler, scaled } from '../../libs/detector/fit-scaler.ts'
import { alone } from '../../libs/detector/kinds/alone.ts'
import { histogramMember } from '../../libs/detector/kinds/histogram.ts'
import { scoresOf } from '../../libs/detector/scores.ts'

test('mean and deviation leave missing values out', () => {
  const rows = Float32Array.of(1, 10, 3, Number.NaN, 5, 30)
  const { mean, inverseScale, clip } = fitScaler(rows, 3, 2, false)
  assert.deepEqual([...mean], [3, 20])
  assert.deepEqual([...inverseScale], [Math.fround(1 / Math.sqrt(8 / 3)), Math.fround(0.1)])
  assert.equal(clip, 1000)
  assert.equal(fitScaler(rows, 3, 2, true).clip, 10)
})

test('the range of a column is that of its values; of none it is the mean', () => {
  const rows = Float32Array.of(1, Number.NaN, -3, Number.NaN, 5, Number.NaN)
  assert.deepEqual(fitScaler(rows, 3, 2, false).range, { low: Float32Array.of(-3, 0), high: Float32Array.of(5, 0) })
})

test('a constant column is scaled by a thousandth of its level, one without values or level by 1', () => {
  const rows = Float32Array.of(50, 0, Number.NaN, 50, 0, Number.NaN)
  const { mean, inverseScale } = fitScaler(rows, 2, 3, false)
  assert.deepEqual([...mean], [50, 0, 0])
  assert.deepEqual([...inverseScale], [20, 1, 1])
})

test('scaling clips, and keeps missing values missing', () => {
  const scaler = { mean: Float32Array.of(1, 0), inverseScale: Float32Array.of(2, 1), clip: 10 }
  assert.deepEqual([...scaled(Float32Array.of(3, -50, Number.NaN, 4), 2, scaler)], [4, -10, Number.NaN, 4])
})

test('S1 whatever finite rows there are, every number is finite', () => {
  for (const value of [1e-38, 3e38, -1e15, 1e-30]) {
    const rows = Float32Array.of(value, 0, value, value)
    const { mean, inverseScale } = fitScaler(rows, 2, 2, false)
    for (const each of [...mean, ...inverseScale]) assert.ok(Number.isFinite(each), `${each} for ${value}`)
    assert.ok(inverseScale.every((each) => each > 0))
  }
})

test('S2 rows that a fit scales are to the bit those that the kernel scales: what is the least stays the least', () => {
  const random = Random.derived(5, 'scaled rows')
  const [count, width] = [400, 200]
  // Few values, and a mean much nearer to 0 than they are: their difference is rounded.
  const rows = Float32Array.from({ length: count * width }, () => (random.integer(5) - 2) * 0.37)
  const scaler = fitScaler(rows, count, width, false)
  const z = scaled(rows, count, scaler)
  const member = histogramMember({ rows: z, count, width })
  assert.deepEqual(scoresOf({ ...alone(member, width), scaler }, rows), scoresOf(alone(member, width), z))
})
