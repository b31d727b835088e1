import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AlarmRate } from '../../libs/run/alarm-rate.ts'

/** Batches of 1,000 rows with so many alarms each. */
function fed(rate: AlarmRate, batches: number, alarms: number): AlarmRate {
  for (let i = 0; i < batches; i++) rate.judged(1000, alarms)
  return rate
}

test('says nothing before enough alarms were due', () => {
  assert.equal(new AlarmRate(0.001).ratio, null)
  assert.equal(fed(new AlarmRate(0.001), 4, 9).ratio, null)
  assert.equal(fed(new AlarmRate(0.001), 6, 1).ratio?.toFixed(6), '1.000000')
})

test('is realised over target, by the share of alarms alone', () => {
  assert.equal(fed(new AlarmRate(0.001), 100, 3).ratio?.toFixed(6), '3.000000')
  assert.equal(fed(new AlarmRate(0.01), 100, 0).ratio, 0)
})

test('forgets by half in as many rows as twenty alarms take', () => {
  const rate = fed(new AlarmRate(0.001), 1000, 1)
  fed(rate, 20, 0)
  assert.ok(Math.abs((rate.ratio ?? 0) - 0.5) < 0.02, String(rate.ratio))
})
