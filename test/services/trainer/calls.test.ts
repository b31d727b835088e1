import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedbackMessage } from '../../../libs/alert/feedback.ts'
import { Labels } from '../../../libs/alert/labels.ts'
import { recordsOf } from '../../../libs/core/records.ts'
import { Calls } from '../../../services/trainer/calls.ts'

test('every label is heard; of their rows those that came last in time are kept, whatever partition they lie in', () => {
  const labels = new Labels('cards')
  const many = 40
  const partitionOf = (i: number): number => (i < many / 2 ? 1 : 0)
  const said = Array.from({ length: many }, (_, i) => {
    const subject = { kind: 'position', topic: 'payments', partition: partitionOf(i), offset: i } as const
    return feedbackMessage('feedback', 'cards', {
      subject,
      verdict: 'anomaly',
      eventTimeMs: i,
      by: 'x',
      atMs: 0,
      note: null,
    })
  })
  labels.take(0, recordsOf(said))
  // So wide that ten rows are all that may be kept.
  const calls = new Calls(labels, 1, 419_430)
  const row = new Float32Array(1)
  for (let i = many; i-- > 0; ) {
    const record = {
      topic: 'payments',
      partition: partitionOf(i),
      offset: i,
      key: i,
      timeMs: i,
      id: () => null,
      row: () => row,
    }
    assert.equal(calls.meet(record), 'anomaly')
  }
  assert.equal(calls.met.length, many)
  const kept = calls.met.filter((call) => call.row !== null).map(({ timeMs }) => timeMs)
  assert.deepEqual(
    kept.sort((a, b) => a - b),
    [30, 31, 32, 33, 34, 35, 36, 37, 38, 39],
  )
})
