// Record to verdict: records in a buffer in, verdicts out, without a bus: decode, state of 10,000 keys, 30 features (4 of them
// aggregates per key), a dense detector. The floor is walking the same records out of their record batch, checksum
// included, and doing nothing else. No record is late or comes twice.
// Not measured: fetching, decompression, commits, alerts.

import assert from 'node:assert/strict'
import { topics } from '../../libs/alert/topics.ts'
import { batchesIn } from '../../libs/bus/record-batch.ts'
import { runsOf } from '../../libs/bus/record-reader.ts'
import { batchOf } from '../../libs/bus/record-writer.ts'
import { NORMAL } from '../../libs/core/verdict.ts'
import { detector } from '../../libs/detector/load.ts'
import { decoderOf } from '../../libs/stream/decoder.ts'
import { fold } from '../../libs/stream/fold.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { StreamTask } from '../../libs/task/task.ts'
import { atMost, cpuUs, type Figure, figure, inTurn, type Size, took } from './figure.ts'
import { movable, readingModel, readingStream, readings, THRESHOLD } from './readings.ts'

const RECORDS = 65_536
const ROUNDS: Record<Size, number> = { full: 15, quick: 5 }
const WARM = 3

function taskOf(stream: Stream): StreamTask {
  const state = fold(stream, decoderOf(stream))
  return new StreamTask({
    stream,
    fold: state,
    topics: topics('bench', 'bench'),
    partition: 0,
    restored: {
      ledger: null,
      beginning: { foldedFrom: 0, judgedFrom: 0, judgedBefore: 0 },
      position: 0,
      bucketOffsets: new Float64Array(state.buckets),
      bucketWritten: new Uint8Array(state.buckets),
      replayed: 0,
    },
    inForce: { detector: detector(readingModel(stream), 'bench'), threshold: THRESHOLD },
    scored: () => {},
  })
}

export async function verdict(size: Size): Promise<readonly Figure[]> {
  const stream = readingStream('bench')
  const list = readings(RECORDS, 1)
  const batch = batchOf(
    list.map((reading) => ({ ...reading, headers: [] })),
    0,
  )
  const { records, later } = movable(list)
  const task = taskOf(stream)
  const judged = (): number => {
    later()
    return took(cpuUs, () => task.step(records, 0)) / RECORDS
  }
  const walked = (): number => {
    let count = 0
    const us = took(cpuUs, () => {
      for (const run of runsOf(batchesIn(batch, 0, batch.length), { from: 0, aborted: [] }))
        count += run.kind === 'records' ? run.records.count : 0
    })
    assert.equal(count, RECORDS)
    return us / RECORDS
  }
  const pair = await inTurn(ROUNDS[size], WARM, judged, walked)
  assert.equal(task.counts[NORMAL], RECORDS * (ROUNDS[size] + WARM), 'every record is normal')
  const valueBytes = list.reduce((sum, { value }) => sum + value.length, 0) / RECORDS
  return [
    figure({
      name: `record to verdict, ${Math.round(valueBytes)}-byte Avro, 30 features (${stream.width} columns), 10,000 keys`,
      ...pair,
      unit: 'µs/record',
      floorName: 'walking the record batch with its checksum',
      budgets: [atMost('value', 1)],
      notMeasured: 'fetching, walking, decompression, commits, alerts',
    }),
  ]
}
