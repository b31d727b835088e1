import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detectorSwitched, type Event, eventKinds, eventMessage, eventOf } from '../../libs/alert/events.ts'

const common = { stream: 'cards', atMs: 1_700_000_000_000 }
const change = { topic: 't', partition: 1, offset: 9, version: 'v', thresholdBefore: 3, thresholdAfter: 5 }
const every: readonly Event[] = [
  {
    ...common,
    kind: 'detector-switched',
    topic: 't',
    partition: 1,
    offset: 9,
    version: null,
    threshold: null,
    tail: 'fixed',
  },
  { ...common, kind: 'regime-changed', ...change, rate: 0.9, budget: 0.001 },
  { ...common, kind: 'regime-returned', ...change },
  {
    ...common,
    kind: 'trained',
    version: 'v',
    rows: 100,
    durationMs: 5,
    because: 'drift',
    dropped: { excluded: 3 },
    labels: { read: 4, faulty: 1, faults: ['0/3: it is not JSON'] },
  },
  { ...common, kind: 'drifted', version: 'v', features: ['amount'], scores: true, ratio: 1.5, sinceMs: 12 },
  { ...common, kind: 'promoted', version: 'v', previous: null, by: 'trainer' },
  { ...common, kind: 'refused', version: 'v', gate: 'canary', reason: 'one canary was lost' },
  { ...common, kind: 'train-failed', code: 'training-failed', reason: 'loss is not finite' },
  { ...common, kind: 'artefact-refused', version: 'v', code: 'artefact-invalid', reason: 'hash differs' },
]

test('every kind goes out and comes back, keyed by its stream', () => {
  assert.deepEqual(every.map((each) => each.kind).sort(), eventKinds.toSorted())
  for (const each of every) {
    const message = eventMessage('plumbline.events', each)
    assert.deepEqual(eventOf(message.value), each)
    assert.deepEqual(message.key, new TextEncoder().encode('cards'))
    assert.equal(message.timestampMs, common.atMs)
  }
})

test('a switch of detectors names the offset from which it holds', () => {
  const message = detectorSwitched({
    topic: 'plumbline.events',
    stream: 'cards',
    inputTopic: 'transactions',
    partition: 2,
    offset: 400,
    version: 'v2',
    threshold: 3.5,
    tail: 'fixed',
    timestampMs: 12,
  })
  assert.deepEqual(eventOf(message.value), {
    kind: 'detector-switched',
    stream: 'cards',
    topic: 'transactions',
    partition: 2,
    offset: 400,
    version: 'v2',
    threshold: 3.5,
    tail: 'fixed',
    atMs: 12,
  })
})

test('what is no event that is known is null', () => {
  for (const text of ['', '{', 'null', '[]', '3', '{"kind":"new-kind","stream":"s","atMs":1}', '{"kind":"trained"}']) {
    assert.equal(eventOf(new TextEncoder().encode(text)), null, text)
  }
  assert.equal(eventOf(null), null)
})
