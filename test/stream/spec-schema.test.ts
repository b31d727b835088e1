// Fields that a spec names, against the schema that it names.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import { check } from '../../libs/stream/spec-parse.ts'

const schema = JSON.stringify({
  type: 'record',
  name: 'Payment',
  fields: [
    { name: 'customer', type: 'string' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'amount', type: ['null', 'double'] },
    { name: 'channel', type: { type: 'enum', name: 'Channel', symbols: ['chip', 'online'] } },
    { name: 'place', type: { type: 'record', name: 'Place', fields: [{ name: 'distance', type: 'float' }] } },
  ],
})

function faultsOf(features: string[], text = schema, source = ''): string[] {
  const spec = [
    'stream: s',
    'source:',
    '  topic: t',
    '  format: avro',
    '  schema: ./payment.avsc',
    '  key: { field: customer }',
    source === '' ? '  time: { field: at, unit: ms }' : source,
    'features:',
    ...features.map((feature) => `  - ${feature}`),
  ].join('\n')
  const read = (path: string): string => {
    if (path === './payment.avsc') return text
    throw new Failure('file-unreadable', `${path} does not exist`)
  }
  const result = check(spec, read)
  return result.kind === 'spec'
    ? []
    : result.faults.map((each) => `${each.line} ${each.path}: ${each.found} (${each.hint})`)
}

test('fields that are there and fit', () => {
  const features = [
    '{ name: a, field: amount }',
    '{ name: b, mean: place.distance, over: 1d }',
    '{ name: c, field: channel, oneHot: [chip, online] }',
    '{ name: d, field: at, cyclic: day }',
    '{ name: e, count: true, over: 1d }',
  ]
  assert.deepEqual(faultsOf(features), [])
})

test('fields that are not there, cannot be read, or can never have a listed value', () => {
  const features = [
    '{ name: a, field: amout }',
    '{ name: b, ratioToMean: channel, over: 1d }',
    '{ name: c, field: channel, oneHot: [chip, onlin] }',
    '{ name: d, delta: place }',
    '{ name: e, novelty: channel }',
  ]
  const faults = faultsOf(features)
  assert.equal(faults.length, 5)
  assert.match(faults[0] ?? '', /^9 features\[0\]\.field: "amout".*\(amount\)$/)
  assert.match(faults[1] ?? '', /^10 features\[1\]\.ratioToMean: "channel".*enum Channel/)
  assert.equal(faults[2], '11 features[2].oneHot[1]: "onlin" (online)')
  assert.match(faults[3] ?? '', /^12 features\[3\]\.delta/)
  assert.match(faults[4] ?? '', /^13 features\[4\]\.novelty/)
})

test('a time in the wrong unit for its type', () => {
  assert.match(
    faultsOf(['{ name: a, field: amount }'], schema, '  time: { field: at, unit: iso }').join(),
    /source\.time\.field/,
  )
})

test('a schema that is none, is no record, or is a file that cannot be read', () => {
  const one = ['{ name: a, field: amount }']
  assert.match(faultsOf(one, 'not json').join(), /^5 source\.schema: schema is not JSON/)
  assert.match(faultsOf(one, '"string"').join(), /^5 source\.schema: a schema of string/)
  const missing = check(
    'stream: s\nsource: { topic: t, format: avro, schema: ./nowhere.avsc, key: { field: k }, time: { field: t, unit: s } }\nfeatures: [{ name: a, field: a }]\n',
    (path) => {
      throw new Failure('file-unreadable', `${path} does not exist`)
    },
  )
  assert.ok(missing.kind === 'faults')
  assert.deepEqual(
    missing.faults.map((each) => each.found),
    ['"./nowhere.avsc": ./nowhere.avsc does not exist'],
  )
})

test('schema and framing where they mean nothing', () => {
  const spec = (source: string): string =>
    `stream: s\nsource: { topic: t, key: { field: k }, time: { field: t, unit: s }, ${source} }\nfeatures: [{ name: a, field: a }]\n`
  const found = (source: string): string[] => {
    const result = check(spec(source), () => schema)
    return result.kind === 'spec' ? [] : result.faults.map((each) => each.path)
  }
  assert.deepEqual(found('format: json, schema: ./a.avsc, framing: bare'), ['source.schema', 'source.framing'])
  assert.deepEqual(found('format: avro'), ['source.schema'])
  assert.deepEqual(found("format: avro, schema: { registry: 'ftp://x' }"), ['source.schema.registry'])
  assert.deepEqual(found("format: avro, schema: { registry: 'http://x' }, framing: bare"), ['source.framing'])
})
