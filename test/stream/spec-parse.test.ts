// The door of specs: what is accepted becomes whole, what is wrong is told all at once with its place.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
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
    detector: {
      kind: 'ensemble',
      setting: 'balanced',
      loss: 'squared',
      thresholds: 'whole',
      alarms: { kind: 'rate', rate: 0.001 },
      tail: 'fixed',
    },
    training: {
      everyMs: 86_400_000,
      historyMs: 604_800_000,
      rowsMin: 1_000,
      rowsMax: 50_000,
      feedbackDelayMs: 0,
      exclude: [],
    },
    delivery: 'exactly-once',
    alerts: { format: 'avro', explain: 5 },
  })
})

test('all faults at once, in the order of their lines', () => {
  const text = least
    .replace('topic: transactions', 'topc: transactions')
    .replace('log1p', 'logp1')
    .concat('windw: { rows: 3 }\nkeysMax: -1\n')
  assert.deepEqual(faultsOf(text), [
    '3 source.topic: nothing → null',
    '4 source.topc: the unknown key `topc` → topic',
    '9 features[0].transform: "logp1" → log1p',
    '10 windw: the unknown key `windw` → window',
    '11 keysMax: -1 → null',
  ])
})

test('a loss that is not one is answered with the one that was meant', () => {
  assert.deepEqual(faultsOf(`${least}detector: { loss: hubr }\n`), ['10 detector.loss: "hubr" → huber'])
})

test('the failure shows every fault with place, line and hint', () => {
  const text = least.replace('at, unit: ms', 'at, unit: min').concat('deliveri: at-least-once\n')
  assert.throws(
    () => parse(text, 'cards.yaml', noFile),
    (thrown) => {
      assert.ok(thrown instanceof Failure)
      assert.equal(thrown.code, 'spec-invalid')
      assert.deepEqual(thrown.message.split('\n'), [
        'cards.yaml: 2 faults',
        '  cards.yaml:7 source.time.unit: found "min", expected one of s, ms, us, iso',
        '  cards.yaml:10 deliveri: found the unknown key `deliveri`, expected one of stream, source, features, window, missing, keysMax, detector, training, delivery, alerts (did you mean `delivery`?)',
      ])
      return true
    },
  )
})

test('every section, spelt out', () => {
  const text = `
stream: cards
source:
  topic: transactions
  format: avro
  schema: { registry: 'http://localhost:8081' }
  framing: confluent
  key: { field: customer, from: partitioning, format: ignore }
  id: tx
  time: { field: at, unit: iso }
  lateness: 90s
  recordBytesMax: 4096
features: [{ name: a, field: a }]
window: { rows: 40 }
missing: -1
keysMax: 10
detector: { kind: undercomplete, loss: huber, thresholds: per-key, alarms: { perDay: 20 } }
training:
  every: 1h
  history: 2d
  rowsMin: 200
  rowsMax: 300
  feedbackDelay: 36h
  exclude:
    - { from: 2026-03-01, to: 2026-03-01T06:00:00+02:00, reason: flood }
delivery: at-least-once
alerts: { format: json, explain: 3 }
`
  const spec = parse(text, 'x', noFile)
  assert.deepEqual(spec.source.schema, { kind: 'registry', url: 'http://localhost:8081' })
  assert.deepEqual(spec.source.key, { field: 'customer', format: 'ignore' })
  assert.equal(spec.source.id, 'tx')
  assert.equal(spec.source.latenessMs, 90_000)
  assert.equal(spec.source.recordBytesMax, 4096)
  assert.deepEqual(spec.window, { rows: 40 })
  assert.deepEqual(spec.missing, { kind: 'constant', value: -1 })
  assert.deepEqual(spec.detector, {
    kind: 'undercomplete',
    setting: 'balanced',
    loss: 'huber',
    thresholds: 'per-key',
    alarms: { kind: 'per-day', perDay: 20 },
    tail: 'fixed',
  })
  const from = Date.UTC(2026, 2, 1)
  assert.deepEqual(spec.training, {
    everyMs: 3_600_000,
    historyMs: 172_800_000,
    rowsMin: 200,
    rowsMax: 300,
    feedbackDelayMs: 129_600_000,
    exclude: [{ fromMs: from, toMs: from + 4 * 3_600_000, reason: 'flood' }],
  })
  assert.equal(spec.delivery, 'at-least-once')
  assert.deepEqual(spec.alerts, { format: 'json', explain: 3 })
})

test('a setting is of the ensemble alone, which is balanced unless said otherwise', () => {
  const { detector } = parse(`${least}detector: { setting: best }\n`, 'x', noFile)
  assert.equal(detector.kind, 'ensemble')
  assert.equal(detector.setting, 'best')
  assert.deepEqual(faultsOf(`${least}detector: { setting: fats }\n`), ['10 detector.setting: "fats" → fast'])
  const other = `${least}detector: { kind: sparse, setting: fast }\n`
  assert.throws(() => parse(other, 'x', noFile), { message: /detector\.setting.*a setting for sparse/ })
})

test('a kind that learns from windows needs one', () => {
  const asked = `${least}detector: { kind: convolutional }\n`
  assert.throws(() => parse(asked, 'x', noFile), { message: /detector\.kind.*convolutional without a window/ })
  const { detector } = parse(`${asked}window: { rows: 2 }\n`, 'x', noFile)
  assert.equal(detector.kind, 'convolutional')
  const shares = `${least}window: { rows: 2 }\ndetector: { kind: recurrent, loss: mixed }\n`
  assert.throws(() => parse(shares, 'x', noFile), { message: /detector\.loss.*squared or huber/ })
})

test('what is reserved is refused with a word on it', () => {
  const cases: readonly (readonly [change: (text: string) => string, word: RegExp])[] = [
    [(text) => `${text}privacy: { card: drop }\n`, /privacy.*reserved/],
    [(text) => `${text}window: { span: 10m, every: 15s, fill: last }\n`, /windows by time are reserved/],
    [(text) => `${text}alerts: { group: 10m }\n`, /grouping of alerts is reserved/],
    [(text) => text.replace('  format: json', '  format: json\n  shape: tags'), /`shape`.*reserved/],
    [(text) => text.replace('field: customer', 'field: customer, from: rekey'), /reserved/],
    [(text) => text.replace('transform: log1p', 'per: terminal'), /reserved/],
  ]
  for (const [change, word] of cases) assert.throws(() => parse(change(least), 'x', noFile), { message: word })
})

test('impossible numbers, each with its fault', () => {
  const lines = [
    'keysMax: 0',
    'keysMax: 1.5',
    'keysMax: .nan',
    'keysMax: "10"',
    'window: { rows: 0 }',
    'window: { rows: 9000 }',
    'missing: .inf',
    'missing: never',
    'detector: { loss: cubic }',
    'detector: { alarms: { rate: 0 } }',
    'detector: { alarms: { rate: 0.7 } }',
    'detector: { alarms: { rate: .nan } }',
    'detector: { alarms: { perDay: -3 } }',
    'detector: { alarms: { perDay: 3, rate: 0.1 } }',
    'detector: { alarms: {} }',
    'training: { every: 5 }',
    'training: { every: 0s }',
    'training: { history: 7 days }',
    'training: { rowsMin: 200, rowsMax: 150 }',
    'training: { exclude: [{ from: 2026-03-02, to: 2026-03-01 }] }',
    'training: { exclude: [{ from: 2026-03-02T10:00, to: 2026-03-03 }] }',
    'training: { exclude: [{ from: 2026-13-02, to: 2026-03-03 }] }',
    'alerts: { explain: 0 }',
    'delivery: maybe',
  ]
  for (const line of lines) assert.equal(faultsOf(`${least}${line}\n`).length, 1, line)
})

test('text that is no document of a spec', () => {
  const texts = [
    '',
    '~',
    'just words',
    '- a\n- b',
    'stream: [1, 2',
    'stream: a\nstream: b',
    '--- {}\n--- {}',
    'stream: !!js/function "x"',
    '? [a, b]\n: c',
    `${'['.repeat(5000)}${']'.repeat(5000)}`,
    `stream: ${'{ a: '.repeat(40)}1${' }'.repeat(40)}`,
    `stream: ${'x'.repeat(300_000)}`,
    '\u0000\u0001',
    '__proto__: { polluted: true }',
  ]
  for (const text of texts) assert.notDeepEqual(faultsOf(text), [], text.slice(0, 40))
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
})

test('anchors and aliases are refused before they can expand', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 12; i++) {
    const [name, before] = [String.fromCharCode(97 + i), String.fromCharCode(96 + i)]
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`)
  }
  const started = process.hrtime.bigint()
  const faults = faultsOf(bomb.join('\n'))
  assert.ok(process.hrtime.bigint() - started < 2_000_000_000n)
  assert.ok(faults.every((fault) => fault.includes('an anchor or alias')) && faults.length > 10)
})

test('a fault cannot command a terminal', () => {
  assert.throws(
    () => parse(`${least}"\\e[2J\\n": 1\n`, 'x', noFile),
    (thrown) =>
      thrown instanceof Failure && !thrown.message.includes('\u001b') && thrown.message.split('\n').length === 2,
  )
})

test('no text throws anything but the one Failure', () => {
  const bytes = fc.array(fc.tuple(fc.nat(least.length), fc.constantFrom(...':-{}[]&*!"\'#|>,\n \t0xa')), {
    maxLength: 8,
  })
  fc.assert(
    fc.property(bytes, (changes) => {
      let text = least
      for (const [at, character] of changes) text = text.slice(0, at) + character + text.slice(at + 1)
      check(text, noFile)
    }),
    { numRuns: 300 },
  )
})

test('a tail is fixed unless said otherwise, and one of two', () => {
  assert.equal(parse(least, 'x', noFile).detector.tail, 'fixed')
  assert.equal(parse(`${least}detector: { tail: adaptive }\n`, 'x', noFile).detector.tail, 'adaptive')
  assert.deepEqual(faultsOf(`${least}detector: { tail: adaptiv }\n`), ['10 detector.tail: "adaptiv" → adaptive'])
})
