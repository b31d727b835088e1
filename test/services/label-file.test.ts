import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LabelDefaults, type Labelled, parseLabels } from '../../services/cli/label-file.ts'

const defaults: LabelDefaults = { verdict: null, stream: 'cards', topic: 't', note: null, by: 'ann', atMs: 9 }

function shown(labels: readonly Labelled[]): unknown[] {
  return labels.map(({ stream, feedback: { verdict, subject, eventTimeMs, note } }) => [
    stream,
    verdict,
    subject.kind === 'id' ? subject.id : `${subject.topic}/${subject.partition}/${subject.offset}`,
    eventTimeMs,
    note,
  ])
}

test('CSV by position and by id, with a verdict a line or one for all', () => {
  const csv =
    'partition,offset,verdict,event_time,note\n0,7,anomaly,1700000000000,"stolen, twice"\n1,8,expected,2026-03-01,\n'
  assert.deepEqual(shown(parseLabels(csv, 'x', defaults)), [
    ['cards', 'anomaly', 't/0/7', 1_700_000_000_000, 'stolen, twice'],
    ['cards', 'expected', 't/1/8', Date.UTC(2026, 2, 1), null],
  ])
  assert.deepEqual(shown(parseLabels('id\ntx7\n0042\n', 'x', { ...defaults, verdict: 'anomaly', note: 'all' })), [
    ['cards', 'anomaly', 'tx7', null, 'all'],
    ['cards', 'anomaly', '0042', null, 'all'],
  ])
})

test('JSON lines, alerts as they are printed among them', () => {
  const lines = [
    { partition: 0, offset: 7, verdict: 'anomaly' },
    { id: 'tx9', verdict: 'new-trend', stream: 'servers' },
    {
      id: 'ff00',
      stream: 'payments',
      topic: 'p',
      partition: 2,
      offset: 5,
      eventTime: 12,
      score: 3,
      verdict: 'not-anomaly',
    },
  ]
  const text = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`
  assert.deepEqual(shown(parseLabels(text, 'x', defaults)), [
    ['cards', 'anomaly', 't/0/7', null, null],
    ['servers', 'new-trend', 'tx9', null, null],
    ['payments', 'not-anomaly', 'p/2/5', 12, null],
  ])
})

test('every fault is named by its line, and nothing is taken of a faulty file', () => {
  const faults: readonly (readonly [string, Partial<LabelDefaults>, RegExp])[] = [
    ['partition,offset\n0,7\n', {}, /x: line 2: no verdict; say --as.*nothing was published/],
    [
      'partition,offset,verdict\n0,7,anomaly\n0,x,anomaly\n0,8,odd\n',
      {},
      /line 3: position is.*; line 4: verdict is "odd"/,
    ],
    ['partition,offset,verdict\n0,7,anomaly\n', { topic: null }, /line 2: a position needs its topic; say --topic/],
    ['id,verdict\ntx,anomaly\n', { stream: null }, /line 2: which stream\? say --stream/],
    ['card,verdict\n7,anomaly\n', {}, /no column card is known; there are stream, topic/],
    ['id,verdict\ntx\n', {}, /line 2 has 1 cells, the header 2/],
    ['id,verdict\n', {}, /no label in it/],
    ['{"id":"tx","verdict":"anomaly"}\n{"id":\n', {}, /line 2 is no JSON object/],
    ['verdict\nanomaly\n', {}, /line 2: either position or id says which record/],
    ['id,event_time,verdict\ntx,noon,anomaly\n', {}, /eventTime is "noon"/],
  ]
  for (const [text, more, expected] of faults) {
    assert.throws(() => parseLabels(text, 'x', { ...defaults, ...more }), expected)
  }
})
