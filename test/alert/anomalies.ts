// Anomalies to make alerts of: one stream of single rows, one of windows, and a generator for properties.

import fc from 'fast-check'
import type { AlertRequest } from '../../libs/alert/alert-message.ts'
import type { Spec } from '../../libs/stream/spec.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { stream } from '../../libs/stream/stream-compile.ts'

const base: Spec = {
  stream: 'cards',
  source: {
    topic: 'transactions',
    format: 'json',
    schema: { kind: 'none' },
    key: { field: 'customer', format: 'utf8' },
    id: null,
    time: { field: 'at', unit: 'ms' },
    latenessMs: 0,
    recordBytesMax: 1_000_000,
  },
  features: [
    { kind: 'number', name: 'amount', field: 'amount', transform: 'log1p' },
    { kind: 'cyclic', name: 'hour', field: 'at', period: 'day' },
    { kind: 'one-hot', name: 'channel', field: 'channel', values: ['chip', 'online'] },
  ],
  window: { rows: 1 },
  missing: { kind: 'impute' },
  keysMax: 100,
  detector: {
    kind: 'denoising',
    setting: 'balanced',
    loss: 'squared',
    thresholds: 'whole',
    alarms: { kind: 'rate', rate: 0.001 },
    tail: 'fixed',
  },
  training: { everyMs: 1, historyMs: 1, rowsMin: 1, rowsMax: 1, feedbackDelayMs: 0, exclude: [] },
  delivery: 'exactly-once',
  alerts: { format: 'json', explain: 5 },
}

/** Columns: amount, sin and cos of the hour, chip, online. */
export const cards: Stream = stream(base)
export const avroCards: Stream = stream({ ...base, alerts: { format: 'avro', explain: 5 } })
/** Windows of three steps of two columns, load and fan. */
export const servers: Stream = stream({
  ...base,
  stream: 'servers',
  features: [
    { kind: 'number', name: 'load', field: 'load', transform: 'none' },
    { kind: 'number', name: 'fan', field: 'fan', transform: 'none' },
  ],
  window: { rows: 3 },
})

const log1p = Math.log1p

/** A chip payment of 9,120 at noon where 84 were expected. */
export function payment(change: Partial<AlertRequest> = {}): AlertRequest {
  return {
    topic: 'plumbline.alerts',
    stream: cards,
    partition: 2,
    offset: 41,
    key: 'customer-7',
    eventTimeMs: 1_700_000_000_123,
    timestampMs: 1_700_000_000_456,
    score: 8,
    threshold: 4,
    pValue: 0.0005,
    version: 'f'.repeat(64),
    row: Float32Array.of(log1p(9120), 0, -1, 1, 0),
    explanation: {
      contributions: Float32Array.of(0.71, 0.1, 0.05, 0.14, 0),
      expected: Float32Array.of(log1p(84), 0, -1, 0.25, 0.75),
      imputed: new Uint8Array(5),
    },
    ...change,
  }
}

/** Any anomaly of either format, with every number a detector or a record can come up with. */
export const anyAnomaly: fc.Arbitrary<AlertRequest> = fc
  .record({
    stream: fc.constantFrom(cards, avroCards),
    partition: fc.nat(1000),
    offset: fc.bigInt(0n, 2n ** 52n).map(Number),
    key: fc.string({ unit: 'binary' }),
    eventTimeMs: fc.oneof(fc.double(), fc.integer({ min: 0, max: 2 ** 41 })),
    timestampMs: fc.nat(),
    score: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
    threshold: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
    pValue: fc.double({ min: 0, max: 1, noNaN: true }),
    row: fc.array(fc.float(), { minLength: 5, maxLength: 5 }),
    expected: fc.array(fc.float(), { minLength: 5, maxLength: 5 }),
    contributions: fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 }),
    imputed: fc.array(fc.constantFrom(0, 1), { minLength: 5, maxLength: 5 }),
  })
  .map(({ row, expected, contributions, imputed, ...rest }) => ({
    ...payment(),
    ...rest,
    row: Float32Array.from(row),
    explanation: {
      contributions: Float32Array.from(contributions),
      expected: Float32Array.from(expected),
      imputed: Uint8Array.from(imputed),
    },
  }))
