// Pending: when a transaction is due.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Pending } from '../../libs/bus/pending.ts'

const output = { topic: 'out', partition: 0, key: null, value: null, headers: [], timestampMs: 0 }

test('outputs are due commitMsMin after the transaction before, four times that while records wait', () => {
  const pending = new Pending({ commitMsMin: 50, idleCommitMs: 1000 })
  assert.equal(pending.dueMs('empty'), Number.POSITIVE_INFINITY)
  pending.take(10_000)
  pending.add([output], 10_001)
  assert.equal(pending.dueMs('empty'), 10_050)
  assert.equal(pending.dueMs('waiting'), 10_200)
})

test('without outputs a transaction is due idleCommitMs after the first record, whatever waits', () => {
  const pending = new Pending({ commitMsMin: 50, idleCommitMs: 1000 })
  pending.take(10_000)
  pending.touch(10_010)
  pending.touch(10_500)
  assert.equal(pending.dueMs('empty'), 11_010)
  assert.equal(pending.dueMs('waiting'), 11_010)
})
