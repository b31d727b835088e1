import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Feedback, feedbackMessage, type Subject } from '../../libs/alert/feedback.ts'
import { Labels } from '../../libs/alert/labels.ts'
import { type PlainRecord, recordsOf } from '../../libs/core/records.ts'

const position = (offset: number): Subject => ({ kind: 'position', topic: 't', partition: 0, offset })

function said(stream: string, verdict: Feedback['verdict'], subject: Subject): PlainRecord {
  const feedback = { verdict, subject, eventTimeMs: null, by: 'ann', atMs: 5, note: null }
  const { key, value, timestampMs } = feedbackMessage('f', stream, feedback)
  return { key, value, timestampMs }
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

test('the last word on a record counts, and may be taken back', () => {
  const labels = new Labels('cards')
  const withdrawn = said('cards', 'anomaly', position(2))
  labels.take(
    0,
    recordsOf([
      said('cards', 'anomaly', position(1)),
      withdrawn,
      said('cards', 'expected', position(1)),
      said('cards', 'new-trend', { kind: 'id', id: 'tx 9' }),
      said('cards-eu', 'anomaly', position(3)),
      { ...withdrawn, value: null },
    ]),
  )
  assert.equal(labels.at('t', 0, 1)?.verdict, 'expected')
  assert.equal(labels.at('t', 0, 2), undefined)
  assert.equal(labels.at('t', 0, 3), undefined, 'of another stream')
  assert.equal(labels.ofId('tx 9')?.verdict, 'new-trend')
  assert.deepEqual([labels.size, labels.hasIds, labels.faults.count], [2, true, 0])
})

test('what is no feedback is counted and named, and leaves what was said', () => {
  const labels = new Labels('cards')
  const first = said('cards', 'anomaly', position(1))
  const other = said('cards', 'expected', position(2))
  const bad = (value: string): PlainRecord => ({ key: text('cards/t/0/1'), value: text(value), timestampMs: 0 })
  labels.take(2, recordsOf([first, bad('{'), bad('"anomaly"'), { ...other, key: text('cards/t/0/1') }]))
  labels.take(2, recordsOf(Array.from({ length: 20 }, () => bad('7'))))
  assert.equal(labels.at('t', 0, 1)?.verdict, 'anomaly')
  const { count, first: named } = labels.faults
  assert.equal(count, 23)
  assert.deepEqual(named.slice(0, 3), [
    '2/1: it is not JSON',
    named[1],
    '2/3: the key is cards/t/0/1; its record has cards/t/0/2',
  ])
  assert.match(named[1] ?? '', /^2\/2: it is "anomaly", not an object/)
  assert.equal(named.length, 5)
})
