import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normalQuantile } from '../../libs/detector/normal-quantile.ts'

test('places of the standard normal, from tables', () => {
  const known = [
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.01, -2.3263478740408408],
    [1e-7, -5.199337582187471],
    [0.8413447460685429, 1],
  ] as const
  for (const [share, place] of known)
    assert.ok(Math.abs(normalQuantile(share) - place) < 1e-7, `${normalQuantile(share)}`)
  assert.ok(Math.abs(normalQuantile(1 - 1e-15)) <= 9 && Number.isFinite(normalQuantile(1)))
})
