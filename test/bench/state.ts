// State: memory of 1,000,000 keys with 4 aggregates above the idle process, and what a record costs among them beyond what
// it costs among 1,000. Each size runs in a process of its own, so that neither leaves memory to the other.
// Not measured: decoding; packing; keys that are forgotten; the peak while slabs grow.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Random } from '../../libs/core/random.ts'
import { fold } from '../../libs/stream/fold.ts'
import type { FeatureSpec } from '../../libs/stream/spec.ts'
import { streamOf } from '../stream/table.ts'
import { aggregates, cpuMicroseconds, type Measured, median } from './featurize.ts'
import { filled } from './filled.ts'

const CALL = 1024
const RECORDS = 2 ** 18
const ROUNDS = 9
const KEYS_MANY = 1_000_000
const KEYS_FEW = 1000
const BYTES_PER_MEGABYTE = 1_048_576

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
  const idle = process.memoryUsage().rss
  run(0, keys)
  const resident = process.memoryUsage().rss
  const taken: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    later()
    const begin = cpuMicroseconds()
    run(keys, count)
    taken.push((cpuMicroseconds() - begin) / RECORDS)
    assert.equal(state.rowCount, CALL)
  }
  return {
    keys: state.keys,
    microseconds: median(taken.slice(2)),
    megabytes: (resident - idle) / BYTES_PER_MEGABYTE,
    idleMegabytes: idle / BYTES_PER_MEGABYTE,
  }
}

function apart(keys: number): Sized {
  const output = execFileSync(process.execPath, [fileURLToPath(import.meta.url), String(keys)], { encoding: 'utf8' })
  return JSON.parse(output) as Sized
}

export function state(): readonly Measured[] {
  const few = apart(KEYS_FEW)
  const many = apart(KEYS_MANY)
  return [
    {
      name: 'state of 1,000,000 keys with 4 aggregates, above the process that holds the records only',
      value: many.megabytes,
      unit: 'MB',
      floor: many.idleMegabytes,
      floorName: 'the process before the first record',
      ratio: many.megabytes / many.idleMegabytes,
      notMeasured: 'the peak while slabs grow',
    },
    {
      name: 'a record among 1,000,000 keys',
      value: many.microseconds,
      unit: 'µs/record',
      floor: few.microseconds,
      floorName: 'a record among 1,000 keys',
      ratio: many.microseconds / few.microseconds,
      notMeasured: 'decoding, packing, keys that are forgotten',
    },
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const keys = process.argv[2]
  console.log(JSON.stringify(keys === undefined ? state() : sized(Number(keys))))
}
