// Featurize: microseconds of processor time from decoded columns to a row, against copying the columns into the rows, on the same records in
// the same run. 30 features, 4 of them aggregates per key, 10,000 keys.
// Not measured: decoding; packing; keys that are forgotten.

import assert from 'node:assert/strict'
import { Columns } from '../../libs/codec/columns.ts'
import { Random } from '../../libs/core/random.ts'
import { fold } from '../../libs/stream/fold.ts'
import type { FeatureSpec } from '../../libs/stream/spec.ts'
import { DAY, streamOf } from '../stream/table.ts'
import { cpuUs, type Figure, figure, inTurn, type Size, took } from './figure.ts'
import { filled } from './filled.ts'

const WINDOW = { kind: 'window', windowMs: 7 * DAY } as const

export const aggregates: readonly FeatureSpec[] = [
  {
    kind: 'aggregate',
    name: 'count_1d',
    operation: 'count',
    field: null,
    span: { kind: 'window', windowMs: DAY },
    transform: 'log1p',
  },
  { kind: 'aggregate', name: 'mean_7d', operation: 'mean', field: 'n0', span: WINDOW, transform: 'none' },
  { kind: 'aggregate', name: 'std_7d', operation: 'std', field: 'n0', span: WINDOW, transform: 'none' },
  { kind: 'aggregate', name: 'max_7d', operation: 'max', field: 'n1', span: WINDOW, transform: 'none' },
]

/** 22 numbers (4 of them log1p), a phase, a category, seconds since, a difference, 4 aggregates: 30 features. */
export const features: readonly FeatureSpec[] = [
  ...Array.from(
    { length: 22 },
    (_, i): FeatureSpec => ({
      kind: 'number',
      name: `n${i}`,
      field: `n${i}`,
      transform: i < 4 ? 'log1p' : 'none',
    }),
  ),
  { kind: 'cyclic', name: 'hour', field: 't', period: 'day' },
  { kind: 'one-hot', name: 'channel', field: 'channel', values: ['chip', 'online', 'contactless'] },
  { kind: 'since-last', name: 'since', transform: 'log1p' },
  { kind: 'delta', name: 'delta', field: 'n0' },
  ...aggregates,
]

const RECORDS = 65_536
const CALL = 1024
const ROUNDS: Record<Size, number> = { full: 15, quick: 5 }
const WARM = 5

export async function featurize(size: Size): Promise<readonly Figure[]> {
  const stream = streamOf({ features, keysMax: 20_000 })
  const random = new Random(1)
  const { records, decoder, later } = filled(stream, RECORDS, () => random.integer(10_000), 2)
  const state = fold(stream, decoder, { rowsMax: CALL })
  const rows = new Float32Array(CALL * stream.width)
  const columns = new Columns(stream.wants, CALL)
  const folded = (): number => {
    later()
    const us = took(cpuUs, () => {
      for (let from = 0; from < RECORDS; from += CALL) state.fold(records, from, from + CALL, rows)
    })
    assert.equal(state.rowCount, CALL)
    return us / RECORDS
  }
  const copied = (): number => {
    const us = took(cpuUs, () => {
      for (let from = 0; from < RECORDS; from += CALL) {
        decoder.decode(records, from, from + CALL, columns)
        copy(columns, rows, stream.width)
      }
    })
    return us / RECORDS
  }
  return [
    figure({
      name: 'featurize, 30 features, 4 of them aggregates, 10,000 keys',
      ...(await inTurn(ROUNDS[size], WARM, folded, copied)),
      unit: 'µs/record',
      floorName: 'copying the columns into the rows',
      notMeasured: 'decoding, packing, keys that are forgotten',
    }),
  ]
}

/** As many columns as a row has, number columns taken in turn. */
function copy(columns: Columns, rows: Float32Array, width: number): void {
  const numbers = columns.numbers.filter((column) => column.length > 0)
  for (let c = 0; c < width; c++) copyColumn(numbers[c % numbers.length] as Float64Array, rows, width, c)
}

function copyColumn(column: Float64Array, rows: Float32Array, width: number, at: number): void {
  for (let i = 0, to = at; i < CALL; i++, to += width) rows[to] = column[i] as number
}
