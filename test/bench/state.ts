// State: memory of 1,000,000 keys with 4 aggregates above the idle process, and what a record costs among them beyond what
// it costs among 1,000. Each size runs in a process of its own, so that neither leaves memory to the other.
// Not measured: decoding; packing; keys that are forgotten; the peak while slabs grow.

import assert from 'node:assert/strict'
import { Random } from '../../libs/core/random.ts'
import { fold } from '../../libs/stream/fold.ts'
import type { FeatureSpec } from '../../libs/stream/spec.ts'
import { streamOf } from '../stream/table.ts'
import { aggregates } from './featurize.ts'
import { apart, atMost, cpuUs, type Figure, figure, least, type Size, took } from './figure.ts'
import { filled } from './filled.ts'

const CALL = 1024
const RECORDS = 2 ** 18
const ROUNDS = 9
const WARM = 2
const KEYS_MANY = 1_000_000
const KEYS_FEW = 1000
const BYTES_PER_MEGABYTE = 1_048_576
const MEGABYTES_MAX = 512
const EXCESS_US_MAX = 0.5

interface Sized {
  readonly keys: number
  readonly microseconds: number
  readonly megabytes: number
  readonly idleMegabytes: number
}

const numbers: readonly FeatureSpec[] = [0, 1].map((i) => ({
  kind: 'number',
  name: `n${i}`,
  field: `n${i}`,
  transform: 'none',
}))

/** Gives every key a record, which is what the memory is measured after, then records to keys at random. */
function sized(keys: number): Sized {
  const stream = streamOf({ features: [...numbers, ...aggregates], keysMax: KEYS_MANY })
  const random = new Random(1)
  const count = keys + RECORDS
  const { records, decoder, later } = filled(stream, count, (i) => (i < keys ? i : random.integer(keys)), 2)
  const rows = new Float32Array(CALL * stream.width)
  const state = fold(stream, decoder, { rowsMax: CALL })
  const run = (from: number, to: number): void => {
    for (let at = from; at < to; at += CALL) state.fold(records, at, Math.min(to, at + CALL), rows)
  }
  globalThis.gc?.()
  const idle = process.memoryUsage().rss
  run(0, keys)
  const resident = process.memoryUsage().rss
  const taken: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    later()
    taken.push(took(cpuUs, () => run(keys, count)) / RECORDS)
    assert.equal(state.rowCount, CALL)
  }
  return {
    keys: state.keys,
    microseconds: least(taken.slice(WARM)),
    megabytes: (resident - idle) / BYTES_PER_MEGABYTE,
    idleMegabytes: idle / BYTES_PER_MEGABYTE,
  }
}

/** The sizes take turns; of times the least counts, of memory the last. Quick: a tenth of the keys, once. */
export async function state(size: Size): Promise<readonly Figure[]> {
  const many = size === 'full' ? KEYS_MANY : KEYS_MANY / 10
  const turns = size === 'full' ? 2 : 1
  const sizes: { few: Sized[]; many: Sized[] } = { few: [], many: [] }
  for (let turn = 0; turn < turns; turn++) {
    sizes.few.push(await apart<Sized>('state.js', [String(KEYS_FEW)]))
    sizes.many.push(await apart<Sized>('state.js', [String(many)]))
  }
  const fastest = (list: readonly Sized[]): number => least(list.map(({ microseconds }) => microseconds))
  const manyText = many.toLocaleString('en')
  return [
    figure({
      name: `resident memory of ${manyText} keys with 4 aggregates, above idle`,
      value: sizes.many.at(-1)?.megabytes ?? Number.NaN,
      unit: 'MB',
      floor: sizes.many.at(-1)?.idleMegabytes ?? Number.NaN,
      floorName: 'the process that holds the records and no state',
      budgets: [atMost('value', MEGABYTES_MAX)],
      notMeasured: 'the peak while slabs grow',
    }),
    figure({
      name: `a record among ${manyText} keys`,
      value: fastest(sizes.many),
      unit: 'µs/record',
      floor: fastest(sizes.few),
      floorName: `a record among ${KEYS_FEW.toLocaleString('en')} keys`,
      budgets: [atMost('excess', EXCESS_US_MAX)],
      notMeasured: 'decoding, packing, keys that are forgotten',
    }),
  ]
}

if (process.argv[1] === import.meta.filename) console.log(JSON.stringify(sized(Number(process.argv[2]))))
