// The door of specs: what is accepted becomes whole, what is wrong is told all at once with its place.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../libs/core/failure.ts'
import { check, parse } from '../../libs/stream/spec-parse.ts'

const least = `
stream: cards
source:
  topic: transactions
  format: json
  key: { field: customer }
  time: { field: at, unit: ms }
features:
  - { name: amount, field: amount, transform: log1p }
`
const noFile = (path: string): string => {
  throw new Failure('file-unreadable', `${path} does not exist`)
}

function faultsOf(text: string): string[] {
  const parsed = check(text, noFile)
  return parsed.kind === 'spec'
    ? []
    : parsed.faults.map((fault) => `${fault.line} ${fault.path}: ${fault.found} → ${fault.hint}`)
}

test('the least spec gets every default', () => {
  const spec = parse(least, 'cards.yaml', noFile)
  assert.deepEqual(spec, {
    stream: 'cards',
    source: {
      topic: 'transactions',
      format: 'json',
      schema: { kind: 'none' },
      key: { field: 'customer', format: 'utf8' },
      id: null,
      time: { field: 'at', unit: 'ms' },
      latenessMs: 300_000,
      recordBytesMax: 1_048_576,
    },
    features: [{ kind: 'number', name: 'amount', field: 'amount', transform: 'log1p' }],
    window: { rows: 1 },
    missing: { kind: 'impute' },
    keysMax: 100_000,
    detector: { kind: 'denoising', alarms: { kind: 'rate', rate: 0.001 } },
    training: { everyMs: 86_400_000, historyMs: 604_800_000, rowsMin: 1_000, rowsMax: 50_000, exclude: [] },
    delivery: 'exactly-once',
    alerts: { format: 'avro', explain: 5 },
  })
})

test('all faults at once, in the order of their lines', () => {
  const text = least
    .replace('topic: transactions', 'topc: transactions')
    .replace('log1p', 'log')
    .concat('windw: { rows: 3 }\nkeysMax: -1\n')
  assert.deepEqual(faultsOf(text), [
    '3 source.topic: nothing → null',
    '4 source.topc: the unknown key `topc` → topic',
    '9 features[0].transform: "log" → log1p',
    '10 windw: the unknown key `windw` → window',
    '11 keysMax: -1 → null',
  ])
})
