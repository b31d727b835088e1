import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  draining,
  type Health,
  healthAtStart,
  live,
  type PartState,
  ready,
  STALLED_MS_MAX,
  withoutPart,
  withPart,
} from '../../libs/run/health.ts'

const at = 1_000_000
const running = (waiting: number, progressedMs = at): PartState => ({ kind: 'running', waiting, progressedMs })
const of = (parts: Record<string, PartState>): Health => ({ draining: false, parts })

test('nothing started is live but not ready', () => {
  assert.equal(live(healthAtStart, at).verdict, 'yes')
  assert.deepEqual(ready(healthAtStart), { verdict: 'no', reasons: ['nothing has started yet'] })
})

test('ready takes every part', () => {
  const health = of({ trainer: running(0), 'cards/0': { kind: 'starting', waitsFor: 'its state' } })
  assert.deepEqual(ready(health), { verdict: 'no', reasons: ['cards/0 waits for its state'] })
  assert.equal(ready(withPart(health, 'cards/0', running(5))).verdict, 'yes')
  assert.equal(ready(withoutPart(health, 'cards/0')).verdict, 'yes')
  assert.equal(health.parts['cards/0']?.kind, 'starting', 'the value given is left as it was')
})

test('a part is stuck when records wait and it has not moved for too long', () => {
  const health = of({ 'cards/0': running(7) })
  assert.equal(live(health, at + STALLED_MS_MAX).verdict, 'yes')
  const late = live(health, at + STALLED_MS_MAX + 1)
  assert.deepEqual(late, { verdict: 'no', reasons: ['cards/0 has not moved for 300 s while 7 records wait'] })
  assert.equal(live(of({ 'cards/0': running(0) }), at + 10 * STALLED_MS_MAX).verdict, 'yes')
  assert.equal(
    live(of({ 'cards/0': running(-1) }), at + 10 * STALLED_MS_MAX).verdict,
    'yes',
    'an unknown lag is no lag',
  )
})

test('a failed part is neither live nor ready', () => {
  const health = of({ scorer: { kind: 'failed', reason: 'fenced' } })
  assert.deepEqual(live(health, at).reasons, ['scorer failed: fenced'])
  assert.deepEqual(ready(health).reasons, ['scorer failed: fenced'])
})

test('draining is live and not ready', () => {
  const health = draining(of({ scorer: running(0) }))
  assert.equal(live(health, at).verdict, 'yes')
  assert.deepEqual(ready(health).reasons, ['draining'])
})
