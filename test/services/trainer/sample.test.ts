import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Sample } from '../../../services/trainer/sample.ts'

const rowsMax = 100

function sampleOf(timesMs: readonly number[]): ReturnType<Sample['finish']> {
  const sample = new Sample({ width: 1, rowsMax, exclude: [], salt: 1, modulus: 1 })
  for (const [i, timeMs] of timesMs.entries())
    sample.offer(Float32Array.of(i), 0, timeMs, { usable: true, called: null, key: 1 })
  return sample.finish()
}

test('of rows of one key and one moment the later half stays, as often as it must', () => {
  const { count, rows, dropped } = sampleOf(Array(1000).fill(5))
  assert.ok(count > 0 && count <= rowsMax, `${count}`)
  assert.equal(rows[count - 1], 999)
  assert.equal(dropped['sampled-out'], 1000 - count)
})

test('a clock that is years off has no say in how much time the rows cover', () => {
  const minuteMs = 60_000
  const times = Array.from({ length: 20_000 }, (_, i) => 1e12 + i * minuteMs)
  for (const at of [50, 5_000, 15_000]) times[at] = 0
  const { spanMs, rowsSeen } = sampleOf(times)
  assert.equal(rowsSeen, 20_000)
  assert.ok(Math.abs(spanMs / (20_000 * minuteMs) - 1) < 0.02, `${spanMs / minuteMs} minutes`)
})
