// The grammar of features: which keys spell which kind, and what each refuses.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FeatureSpec } from '../../libs/stream/spec.ts'
import { check } from '../../libs/stream/spec-parse.ts'

const DAY_MS = 86_400_000

function parsed(...features: string[]): { features: readonly FeatureSpec[]; faults: string[] } {
  const text = [
    'stream: s',
    'source: { topic: t, format: json, key: { field: k }, time: { field: at, unit: ms } }',
    'features:',
    ...features.map((feature) => `  - ${feature}`),
  ].join('\n')
  const result = check(text, () => '')
  if (result.kind === 'spec') return { features: result.spec.features, faults: [] }
  return { features: [], faults: result.faults.map(({ path, found, expected }) => `${path}: ${found} / ${expected}`) }
}

test('each spelling and its meaning', () => {
  const day = { kind: 'window', windowMs: DAY_MS }
  const fading = { kind: 'half-life', halfLifeMs: DAY_MS }
  const cases: readonly [yaml: string, meaning: unknown][] = [
    ['{ name: f, field: x }', { kind: 'number', name: 'f', field: 'x', transform: 'none' }],
    ['{ name: f, field: x.y, transform: sqrt }', { kind: 'number', name: 'f', field: 'x.y', transform: 'sqrt' }],
    ['{ name: f, field: at, cyclic: week }', { kind: 'cyclic', name: 'f', field: 'at', period: 'week' }],
    [
      '{ name: f, field: c, oneHot: [a, 2, true] }',
      { kind: 'one-hot', name: 'f', field: 'c', values: ['a', '2', 'true'] },
    ],
    ['{ name: f, sinceLast: true }', { kind: 'since-last', name: 'f', transform: 'none' }],
    ['{ name: f, delta: x }', { kind: 'delta', name: 'f', field: 'x' }],
    ['{ name: f, novelty: x }', { kind: 'novelty', name: 'f', field: 'x' }],
    [
      '{ name: f, ratioToMean: x, halfLife: 1d }',
      { kind: 'ratio', name: 'f', field: 'x', span: fading, transform: 'none' },
    ],
    ...(['count', 'rate'] as const).flatMap((operation): [string, unknown][] => {
      const aggregate = { kind: 'aggregate', name: 'f', operation, field: null, transform: 'none' }
      return [
        [`{ name: f, ${operation}: true, over: 1d }`, { ...aggregate, span: day }],
        [`{ name: f, ${operation}: true, halfLife: 24h }`, { ...aggregate, span: fading }],
      ]
    }),
    ...(['sum', 'mean', 'std', 'min', 'max'] as const).map((operation): [string, unknown] => [
      `{ name: f, ${operation}: x, over: 1440m, transform: log1p }`,
      { kind: 'aggregate', name: 'f', operation, field: 'x', span: day, transform: 'log1p' },
    ]),
  ]
  for (const [yaml, meaning] of cases) assert.deepEqual(parsed(yaml), { features: [meaning], faults: [] }, yaml)
})

test('what a feature cannot be', () => {
  const cases: readonly [yaml: string, fault: RegExp][] = [
    ['{ name: f }', /features\[0\]: a map of name \/ `field`, or one of/],
    ['{ name: f, avrage: x }', /a map of name, avrage/],
    ['{ name: f, mean: x, sum: y, over: 1d }', /sum and mean at once/],
    ['{ name: f, mean: x }', /no span of time/],
    ['{ name: f, mean: x, over: 1d, halfLife: 1d }', /both over and halfLife/],
    ['{ name: f, min: x, halfLife: 1d }', /halfLife.*an extreme does not fade/],
    ['{ name: f, mean: true, over: 1d }', /features\[0\]\.mean: true/],
    ['{ name: f, count: amount, over: 1d }', /features\[0\]\.count: "amount" \/ true/],
    ['{ name: f, count: false, over: 1d }', /features\[0\]\.count: false/],
    ['{ name: f, count: true, over: 1 d ago }', /features\[0\]\.over/],
    ['{ name: f, count: true, over: 7ms }', /features\[0\]\.over: "7ms" \/ a duration from 8ms/],
    ['{ name: f, count: true, over: 9999d }', /features\[0\]\.over/],
    ['{ name: f, delta: x, transform: log1p }', /unknown key `transform`/],
    ['{ name: f, novelty: true }', /features\[0\]\.novelty: true/],
    ['{ name: f, field: at, cyclic: month }', /features\[0\]\.cyclic: "month" \/ one of hour, day, week, year/],
    ['{ name: f, field: c, oneHot: [] }', /oneHot: a list of 0/],
    ['{ name: f, field: c, oneHot: [a, a] }', /oneHot\[1\]: "a" again/],
    ['{ name: f, field: c, oneHot: [a, ~] }', /oneHot\[1\]: null/],
    ['{ name: f, field: c, oneHot: a }', /oneHot: "a"/],
    ['{ name: 7th, field: x }', /features\[0\]\.name: "7th"/],
    ['{ field: x }', /features\[0\]\.name: nothing/],
    ['{ name: f, field: "a b" }', /features\[0\]\.field/],
    ['amount', /features\[0\]: "amount"/],
  ]
  for (const [yaml, fault] of cases) {
    const { faults } = parsed(yaml)
    assert.equal(faults.length, 1, `${yaml}: ${faults.join('; ')}`)
    assert.match(faults[0] ?? '', fault)
  }
})

test('names are unique, and the fault says whose name it is', () => {
  const { faults } = parsed('{ name: f, field: x }', '{ name: g, field: x }', '{ name: f, field: y }')
  assert.deepEqual(faults, ['features[2].name: "f", the name of features[0] too / a name of its own'])
})

test('a row has a greatest width', () => {
  const wide = Array.from({ length: 257 }, (_, i) => `{ name: f${i}, field: x }`)
  assert.match(parsed(...wide).faults.join(), /a list of 257/)
  const values = Array.from({ length: 128 }, (_, i) => i).join(', ')
  const hot = Array.from({ length: 65 }, (_, i) => `{ name: f${i}, field: x, oneHot: [${values}] }`)
  assert.match(parsed(...hot).faults.join(), /a row of 8320 columns/)
})
