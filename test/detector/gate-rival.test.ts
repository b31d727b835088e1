import assert from 'node:assert/strict'
import { test } from 'node:test'
import { middle, robustRival } from '../../libs/detector/gate-rival.ts'
import { planted } from './planted.ts'

test('it keeps its alarm budget on the rows it was made of, and finds what is far in one column', () => {
  const rows = planted(500, 3, 1)
  const finds = robustRival({ rows, count: 500, width: 3, alpha: 0.02 })
  const alarms = finds(rows, 500).reduce((sum, one) => sum + one, 0)
  assert.ok(alarms <= 10 && alarms >= 5, `${alarms} alarms`)
  assert.deepEqual([...finds(Float32Array.of(0, 0, 100, 0, 0, 0), 2)], [1, 0])
})

test('constant columns and missing values are no obstacle', () => {
  const rows = Float32Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? 7 : i % 3 === 1 ? Number.NaN : i % 50))
  const finds = robustRival({ rows, count: 100, width: 3, alpha: 0.02 })
  assert.deepEqual([...finds(Float32Array.of(7.5, Number.NaN, 20, 7, Number.NaN, 9000), 2)], [0, 1])
})

test('the middle of nothing is 0', () => {
  assert.deepEqual([middle([]), middle([3, 1, 2])], [0, 2])
})
