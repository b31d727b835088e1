import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Feedback,
  feedbackJson,
  feedbackKey,
  feedbackMessage,
  feedbackOf,
  feedbackVerdicts,
  noteCharsMax,
} from '../../libs/alert/feedback.ts'

const position = { kind: 'position', topic: 'transactions', partition: 3, offset: 71 } as const
const feedback: Feedback = {
  verdict: 'anomaly',
  subject: position,
  eventTimeMs: 1_700_000_000_000,
  by: 'ann',
  atMs: 1_700_000_100_000,
  note: 'stolen card',
}

test('every verdict goes out and comes back, by position and by id', () => {
  for (const verdict of feedbackVerdicts)
    for (const subject of [position, { kind: 'id', id: 'tx/7' } as const]) {
      const said = { ...feedback, verdict, subject }
      const message = feedbackMessage('plumbline.feedback', 'cards', said)
      assert.deepEqual(feedbackOf(JSON.parse(new TextDecoder().decode(message.value ?? new Uint8Array(0)))), said)
      assert.equal(new TextDecoder().decode(message.key ?? new Uint8Array(0)), feedbackKey('cards', subject))
    }
  assert.equal(feedbackKey('cards', position), 'cards/transactions/3/71')
  assert.equal(feedbackKey('cards', { kind: 'id', id: 'tx/7' }), 'cards/id/tx/7')
})

test('what is left out where it may be is null', () => {
  const { eventTime: _, note: __, ...json } = feedbackJson(feedback)
  assert.deepEqual(feedbackOf(json), { ...feedback, eventTimeMs: null, note: null })
})

test('anything else is a fault that says what is wrong', () => {
  const good = feedbackJson(feedback)
  const bad: readonly (readonly [unknown, RegExp])[] = [
    ['anomaly', /it is "anomaly", not an object/],
    [[], /not an object/],
    [{}, /verdict is absent, not one of anomaly, expected, not-anomaly, new-trend; either position or id/],
    [{ ...good, verdict: 'Anomaly' }, /verdict is "Anomaly"/],
    [{ ...good, id: 'tx' }, /either position or id/],
    [{ ...good, position: { topic: 't', partition: -1, offset: 3 } }, /position is \{"topic":"t","partition":-1/],
    [{ ...good, position: { topic: 't', partition: 1, offset: 3.5 } }, /position is/],
    [{ ...good, position: { topic: 't', partition: 1, offset: 3, key: 'k' } }, /position has no field "key"/],
    [{ ...good, at: '2026-03-01' }, /at is "2026-03-01", not milliseconds/],
    [{ ...good, eventTime: 'noon' }, /eventTime is "noon"/],
    [{ ...good, by: '' }, /by is ""/],
    [{ ...good, note: 'x'.repeat(noteCharsMax + 1) }, /note is no text/],
    [{ ...good, weight: 3 }, /it has no field "weight"/],
  ]
  for (const [json, reason] of bad) {
    const heard = feedbackOf(json)
    assert.ok('kind' in heard && heard.kind === 'fault', JSON.stringify(json))
    assert.match(heard.reason, reason)
  }
})
