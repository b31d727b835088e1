import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alarmRate } from '../../libs/detector/gate-rate.ts'

test('alarms that come together say less than as many that do not', () => {
  const apart = Float32Array.from({ length: 1000 }, (_, i) => (i % 50 === 0 ? 1 : 0))
  const together = Float32Array.from({ length: 1000 }, (_, i) => (i < 20 ? 1 : 0))
  const [one, other] = [alarmRate(apart, 0.5), alarmRate(together, 0.5)]
  assert.deepEqual([one.rate, other.rate], [0.02, 0.02])
  assert.ok(one.low > 0.01 && one.high < 0.035, JSON.stringify(one))
  assert.ok(other.low < 0.5 * one.low && other.high > 2 * one.high, JSON.stringify(other))
})

test('no alarm and nothing but alarms have an interval all the same', () => {
  assert.equal(alarmRate(new Float32Array(100), 0).low, 0)
  assert.ok(alarmRate(new Float32Array(100), 0).high < 0.05)
  assert.ok(alarmRate(new Float32Array(100).fill(1), 0).low > 0.95)
})
