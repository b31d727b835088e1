import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STALLED_MS_MAX } from '../../libs/run/health.ts'
import { Vitals } from '../../libs/run/vitals.ts'

test('a part is ready from its first move on, until it is rebuilt, drained or gone', () => {
  const vitals = new Vitals(() => 0)
  assert.equal(vitals.ready().verdict, 'no')
  vitals.starting('cards/0', 'its state')
  vitals.waiting('cards/0', 7)
  assert.deepEqual(vitals.ready().reasons, ['cards/0 waits for its state'])
  vitals.moved('cards/0')
  assert.equal(vitals.ready().verdict, 'yes')
  vitals.starting('cards/1', 'its state')
  assert.equal(vitals.ready().verdict, 'no')
  vitals.gone('cards/1')
  assert.equal(vitals.ready().verdict, 'yes')
  vitals.drain()
  assert.equal(vitals.ready().verdict, 'no')
  assert.equal(vitals.live().verdict, 'yes')
})

test('stuck is who does not move while records wait; who was quiet for long is not', () => {
  let nowMs = 0
  const vitals = new Vitals(() => nowMs)
  vitals.moved('cards/0')
  nowMs = 2 * STALLED_MS_MAX
  assert.equal(vitals.live().verdict, 'yes')
  vitals.waiting('cards/0', 3)
  assert.equal(vitals.live().verdict, 'yes')
  nowMs += STALLED_MS_MAX
  vitals.waiting('cards/0', 5)
  assert.equal(vitals.live().verdict, 'yes')
  nowMs += 1
  assert.match(vitals.live().reasons.join(), /cards\/0 has not moved .* 5 records wait/)
  vitals.moved('cards/0')
  assert.equal(vitals.live().verdict, 'yes')
})

test('a part that failed is neither live nor ready', () => {
  const vitals = new Vitals(() => 0)
  vitals.failed('cards', 'the ledger disagrees')
  assert.deepEqual(vitals.live().reasons, ['cards failed: the ledger disagrees'])
  assert.equal(vitals.ready().verdict, 'no')
})
