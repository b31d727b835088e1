// What a compiled stream holds: wants without doubles, a layout without gaps, and a revision that covers what it must.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from '../../libs/stream/spec-parse.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { stream } from '../../libs/stream/stream-compile.ts'

const base = `
stream: cards
source:
  topic: transactions
  format: json
  key: { field: customer }
  id: tx
  time: { field: at, unit: ms }
features:
  - { name: amount, field: amount }
  - { name: hour, field: at, cyclic: day }
  - { name: channel, field: channel, oneHot: [chip, online, phone] }
  - { name: mean, mean: amount, over: 7d }
  - { name: ratio, ratioToMean: amount, halfLife: 2d }
  - { name: since, sinceLast: true }
  - { name: count, count: true, over: 1h }
window: { rows: 2 }
`
const of = (text: string): Stream => stream(parse(text, 'test', () => ''))

test('wants are read once each, and found by index', () => {
  const { wants, timeWant, keyWant, idWant, layout } = of(base)
  assert.deepEqual(wants, [
    { kind: 'number', field: 'at', parse: 'number' },
    { kind: 'text', field: 'customer' },
    { kind: 'text', field: 'tx' },
    { kind: 'number', field: 'amount', parse: 'number' },
    { kind: 'category', field: 'channel', values: ['chip', 'online', 'phone'] },
  ])
  assert.deepEqual([timeWant, keyWant, idWant], [0, 1, 2])
  assert.deepEqual(
    layout.map(({ want }) => want),
    [3, 0, 4, 3, 3, null, null],
  )
})

test('the layout has no gaps, and groups name the feature of each column', () => {
  const { layout, stepWidth, width, groups } = of(base)
  assert.deepEqual(
    layout.map(({ at, span }) => [at, span]),
    [
      [0, 1],
      [1, 2],
      [3, 3],
      [6, 1],
      [7, 1],
      [8, 1],
      [9, 1],
    ],
  )
  assert.equal(stepWidth, 10)
  assert.equal(width, 20)
  const step = [0, 1, 1, 2, 2, 2, 3, 4, 5, 6]
  assert.deepEqual([...groups], [...step, ...step])
})

test('the horizon is the longest window, or five half-lives', () => {
  const DAY_MS = 86_400_000
  assert.equal(of(base).horizonMs, 10 * DAY_MS)
  assert.equal(of(base.replace('halfLife: 2d', 'halfLife: 1d')).horizonMs, 7 * DAY_MS)
  assert.equal(of(base.replace(/ {2}- \{ name: (?:mean|ratio|count).*\n/g, '')).horizonMs, 0)
})

test('the revision changes with what shapes rows or state, and with nothing else', () => {
  const { revision } = of(base)
  assert.match(revision, /^[0-9a-f]{16}$/)
  const same = [
    base.replace('stream: cards', 'stream: payments'),
    base.replace('  id: tx\n', ''),
    `${base}detector: { kind: undercomplete, alarms: { perDay: 3 } }\n`,
    `${base}training: { every: 1h, rowsMin: 200 }\n`,
    `${base}delivery: at-least-once\n`,
    `${base}alerts: { format: json }\n`,
    `# said otherwise\n${base.replace('over: 7d', 'over: 168h').replace('{ name: amount, field: amount }', '{ field: amount, name: amount }')}`,
  ]
  for (const text of same) assert.equal(of(text).revision, revision, text)
  const different = [
    base.replace('topic: transactions', 'topic: payments'),
    base.replace('field: customer', 'field: card'),
    base.replace('unit: ms', 'unit: s'),
    base.replace('  id: tx', '  id: tx\n  lateness: 1m'),
    base.replace('  id: tx', '  id: tx\n  recordBytesMax: 100'),
    base.replace('rows: 2', 'rows: 3'),
    base.replace('over: 7d', 'over: 6d'),
    base.replace('chip, online', 'online, chip'),
    `${base}missing: reject\n`,
    `${base}keysMax: 5\n`,
  ]
  const revisions = new Set(different.map((text) => of(text).revision))
  assert.equal(revisions.size, different.length)
  assert.ok(!revisions.has(revision))
})
