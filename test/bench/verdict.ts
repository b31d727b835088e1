// Record to verdict: Avro bytes in, verdicts out, without a bus: decode, state of 10,000 keys, 30 features (4 of them per-key
// aggregates), a dense detector 30-16-8-16-30. The floor is walking the same record batches and doing nothing else.
// Not measured: fetching, decompression, commits; alerts are as rare as the threshold lets them be (about 1 in 1,000).

import { topics } from '../../libs/alert/topics.ts'
import { batchesIn } from '../../libs/bus/record-batch.ts'
import { runsOf } from '../../libs/bus/record-reader.ts'
import { batchOf } from '../../libs/bus/record-writer.ts'
import { avroTypeOf, encode } from '../../libs/codec/avro.ts'
import { Random } from '../../libs/core/random.ts'
import { type Records, recordsOf } from '../../libs/core/records.ts'
import { detector } from '../../libs/detector/load.ts'
import { decoderOf } from '../../libs/stream/decoder.ts'
import { fold } from '../../libs/stream/fold.ts'
import { parse } from '../../libs/stream/spec-parse.ts'
import { stream as compile } from '../../libs/stream/stream-compile.ts'
import { StreamTask } from '../../libs/task/task.ts'
import { sampleModel } from '../detector/sample-model.ts'

export interface VerdictFigure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly floor: number
  readonly floorName: string
  readonly ratio: number
  readonly notMeasured: string
}

const numbers = 22
export const recordsOfRun = 65_536
export const keys = 10_000

const schema = {
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'key', type: 'string' },
    { name: 'at', type: 'long' },
    { name: 'channel', type: 'string' },
    ...Array.from({ length: numbers }, (_, i) => ({ name: `n${i}`, type: 'double' })),
    { name: 'note', type: 'string' },
  ],
}

const spec = `stream: bench
source: { topic: bench, format: avro, schema: ./bench.avsc, key: { field: key }, time: { field: at, unit: ms } }
features:
${Array.from({ length: numbers - 2 }, (_, i) => `  - { name: n${i}, field: n${i}${i < 4 ? ', transform: log1p' : ''} }`).join('\n')}
  - { name: hour, field: at, cyclic: day }
  - { name: channel, field: channel, oneHot: [chip, online] }
  - { name: gap, sinceLast: true, transform: log1p }
  - { name: step, delta: n0 }
  - { name: count_1d, count: true, over: 1d, transform: log1p }
  - { name: mean_7d, mean: n0, over: 7d }
  - { name: std_7d, std: n0, over: 7d }
  - { name: max_7d, max: n1, over: 7d }
`
export const benchStream = compile(parse(spec, 'bench.yaml', () => JSON.stringify(schema)))

/** The records as an adapter hands them over: walked out of one batch. */
export function benchRecords(seed: number): {
  readonly batch: Uint8Array
  readonly records: Records
  readonly valueBytes: number
} {
  const random = Random.derived(seed, 'verdict-bench')
  const type = avroTypeOf(JSON.stringify(schema))
  const text = new TextEncoder()
  let valueBytes = 0
  const messages = Array.from({ length: recordsOfRun }, (_, i) => {
    const key = `customer-${random.integer(keys)}`
    const reading: Record<string, unknown> = {
      key,
      at: 1_700_000_000_000 + i,
      channel: i % 3 ? 'chip' : 'online',
      note: 'n/a',
    }
    for (let n = 0; n < numbers; n++) reading[`n${n}`] = random.exponential() * 50
    const value = encode(type, reading)
    valueBytes += value.length
    return {
      key: text.encode(key),
      value,
      headers: [],
      timestampMs: 1_700_000_000_000 + i,
      topic: 'bench',
      partition: 0,
    }
  })
  const batch = batchOf(messages, 0)
  return { batch, records: recordsOf(messages), valueBytes: valueBytes / recordsOfRun }
}

function benchTask(): StreamTask {
  const { width } = benchStream
  const model = sampleModel({
    widths: [width, 16, 8, 16, width],
    activation: { kind: 'leaky-relu', alpha: 0.1 },
    scoring: 'mahalanobis',
    members: 1,
    seed: 1,
  })
  const state = fold(benchStream, decoderOf(benchStream))
  return new StreamTask({
    stream: benchStream,
    fold: state,
    topics: topics('bench', 'bench'),
    partition: 0,
    restored: {
      ledger: null,
      position: 0,
      bucketOffsets: new Float64Array(state.buckets),
      bucketWritten: new Uint8Array(state.buckets),
      replayed: 0,
    },
    inForce: { detector: detector(model, 'bench'), threshold: Number.MAX_VALUE },
    scored: () => {},
  })
}

function microsecondsPerRecord(rounds: number, act: () => void): number {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const startedMs = performance.now()
    act()
    times.push(((performance.now() - startedMs) * 1000) / recordsOfRun)
  }
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)] as number
}

export function verdictBench(): VerdictFigure[] {
  const { batch, records, valueBytes } = benchRecords(1)
  const task = benchTask()
  const warm = 3
  for (let i = 0; i < warm; i++) task.step(records, 0)
  const value = microsecondsPerRecord(9, () => task.step(records, 0))
  let walked = 0
  const floor = microsecondsPerRecord(9, () => {
    for (const run of runsOf(batchesIn(batch, 0, batch.length), { from: 0, aborted: [] })) {
      walked += run.kind === 'records' ? run.records.count : 0
    }
  })
  if (walked === 0) throw new Error('the floor walked nothing')
  return [
    {
      name: `record to verdict, ${Math.round(valueBytes)}-byte Avro, ${benchStream.width} columns, ${keys} keys`,
      value,
      unit: 'µs/record',
      floor,
      floorName: 'walking the record batch',
      ratio: value / floor,
      notMeasured: 'fetching, decompression, commits',
    },
  ]
}

if (process.argv[1] === import.meta.filename) process.stdout.write(`${JSON.stringify(verdictBench(), null, 2)}\n`)
