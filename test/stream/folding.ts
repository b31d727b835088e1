// Folding: a fold of every feature, run over records, and its whole state as text, for tests of the fold and of its state.

import assert from 'node:assert/strict'
import type { Records } from '../../libs/core/records.ts'
import { type Fold, fold } from '../../libs/stream/fold.ts'
import type { FeatureSpec } from '../../libs/stream/spec.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { parseDecoder } from './table.ts'

export const amount: FeatureSpec = { kind: 'number', name: 'amount', field: 'amount', transform: 'none' }
export const T = 1_700_000_000_000

export const everyFeature: readonly FeatureSpec[] = [
  amount,
  { kind: 'cyclic', name: 'hour', field: 't', period: 'day' },
  { kind: 'one-hot', name: 'channel', field: 'channel', values: ['chip', 'online'] },
  { kind: 'since-last', name: 'since', transform: 'log1p' },
  { kind: 'delta', name: 'delta', field: 'amount' },
  { kind: 'novelty', name: 'novelty', field: 'amount' },
  ...(['count', 'sum', 'mean', 'std', 'min', 'max', 'rate'] as const).map(
    (operation): FeatureSpec => ({
      kind: 'aggregate',
      name: operation,
      operation,
      field: operation === 'count' || operation === 'rate' ? null : 'amount',
      span: { kind: 'window', windowMs: 8000 },
      transform: 'none',
    }),
  ),
  ...(['count', 'sum', 'mean', 'std', 'rate'] as const).map(
    (operation): FeatureSpec => ({
      kind: 'aggregate',
      name: `${operation}-decayed`,
      operation,
      field: operation === 'count' || operation === 'rate' ? null : 'amount',
      span: { kind: 'half-life', halfLifeMs: 3000 },
      transform: 'none',
    }),
  ),
  { kind: 'ratio', name: 'ratio', field: 'amount', span: { kind: 'window', windowMs: 8000 }, transform: 'none' },
  { kind: 'ratio', name: 'ratio-d', field: 'amount', span: { kind: 'half-life', halfLifeMs: 3000 }, transform: 'none' },
]

export function made(stream: Stream, buckets = 4, rowsMax = 1024): Fold {
  return fold(stream, parseDecoder(stream.wants), { buckets, rowsMax })
}

export interface Run {
  readonly outcomes: number[]
  readonly rows: number[][]
  readonly records: number[]
}

/** Folds everything, at most `cut` records a call. */
export function run(state: Fold, stream: Stream, records: Records, cut = state.rowsMax): Run {
  const result: Run = { outcomes: [], rows: [], records: [] }
  const rows = new Float32Array(state.rowsMax * stream.width)
  for (let from = 0; from < records.count; from += cut) {
    const to = Math.min(records.count, from + cut)
    assert.equal(state.fold(records, from, to, rows), to)
    result.outcomes.push(...state.outcomes.subarray(0, to - from))
    result.records.push(...state.rowRecord.subarray(0, state.rowCount))
    for (let r = 0; r < state.rowCount; r++) {
      result.rows.push([...rows.subarray(r * stream.width, (r + 1) * stream.width)])
    }
  }
  return result
}

export function packs(state: Fold): string[] {
  return Array.from({ length: state.buckets }, (_, b) => Buffer.from(state.pack(b)).toString('hex'))
}
