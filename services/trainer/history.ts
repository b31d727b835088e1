// History: from an input topic to the rows a detector may learn from. Replays the topic through the very fold that the scorer
// uses, and samples (sample.ts). Leaves out what people called anomalous and excluded; what else is not normal is for
// normal.ts to say.
// Invariants
//   H1 rows whose look-back was cut off by retention are not used (they would look emptier than live rows).
//   H2 what people said of a record is heard wherever the record lies in what is replayed, a row of its own or not.

import type { Labels } from '../../libs/alert/labels.ts'
import type { Reader } from '../../libs/bus/bus.ts'
import { hash64 } from '../../libs/core/hash.ts'
import type { Records } from '../../libs/core/records.ts'
import { LATE, REJECTED } from '../../libs/core/verdict.ts'
import type { Fold } from '../../libs/stream/fold.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import { type Call, Calls } from './calls.ts'
import { Sample, type Sampled } from './sample.ts'

export interface OffsetRange {
  readonly partition: number
  readonly from: number
  readonly to: number
}

export interface History extends Sampled {
  readonly ranges: readonly OffsetRange[]
  /** Records replayed. */
  readonly recordsSeen: number
  /** What people said of records among them. */
  readonly calls: readonly Call[]
}

export interface HistoryOptions {
  readonly stream: Stream
  readonly reader: Reader
  /** A fold of its own for each partition. */
  readonly makeFold: () => Fold
  readonly labels: Labels
  readonly salt: number
  /** How far back from the last record rows are wanted, ms. */
  readonly backMs: number
  /** One key in so many is taken from the start. */
  readonly modulus: number
  readonly resolve: (id: number) => Promise<string | 'absent'>
}

export async function history(options: HistoryOptions): Promise<History> {
  const { stream, reader } = options
  const { topic } = stream.spec.source
  const { rowsMax, exclude } = stream.spec.training
  const parts: OffsetRange[] = []
  let lastMs = Number.NEGATIVE_INFINITY
  for (let partition = 0; partition < (await reader.partitions(topic)); partition++) {
    const range = await reader.range(topic, partition)
    if (range.next <= range.first) continue
    parts.push({ partition, from: range.first, to: range.next })
    lastMs = Math.max(lastMs, await lastTimestampMs(reader, topic, partition, range))
  }
  const fromMs = lastMs - options.backMs - stream.horizonMs
  const { salt, modulus } = options
  const sample = new Sample({ width: stream.width, rowsMax, exclude, salt, modulus })
  const calls = new Calls(options.labels, stream.spec.window.rows, stream.width)
  const ranges: OffsetRange[] = []
  let recordsSeen = 0
  for (const { partition, from: first, to } of parts) {
    const found = Number.isFinite(fromMs) ? await reader.offsetAt(topic, partition, fromMs) : first
    const from = Math.max(first, Math.min(found, to))
    ranges.push({ partition, from, to })
    recordsSeen += await replay(options, { partition, from, to }, sample, calls)
  }
  return { ...sample.finish(), ranges, recordsSeen, calls: calls.met }
}

async function lastTimestampMs(
  reader: Reader,
  topic: string,
  partition: number,
  range: { readonly first: number; readonly next: number },
): Promise<number> {
  let lastMs = Number.NEGATIVE_INFINITY
  for await (const records of reader.read(topic, partition, Math.max(range.first, range.next - 16), range.next)) {
    if (records.count > 0) lastMs = records.timestampsMs[records.count - 1] as number
  }
  return lastMs
}

async function replay(
  options: HistoryOptions,
  { partition, from, to }: OffsetRange,
  sample: Sample,
  calls: Calls,
): Promise<number> {
  const { stream, reader } = options
  const fold = options.makeFold()
  const rows = new Float32Array(fold.rowsMax * stream.width)
  let seen = 0
  // With nothing cut off before it, the fold is exact from the first record on.
  let usableFromMs = from === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  for await (const records of reader.read(stream.spec.source.topic, partition, from, to)) {
    seen += records.count
    for (let index = 0; index < records.count; ) {
      const reached = fold.fold(records, index, Math.min(index + fold.rowsMax, records.count), rows)
      if (Number.isNaN(usableFromMs)) {
        const timeMs = fold.rowCount > 0 ? timeOf(fold, fold.rowRecord[0] as number, index) : Number.NaN
        usableFromMs = timeMs + stream.horizonMs
      }
      const piece: Piece = { stream, fold, records, index, reached, rows, partition, usableFromMs }
      if (calls.isSilent) take(piece, sample)
      else takeCalled(piece, sample, calls)
      index = reached
      if (fold.need !== null) fold.supply(fold.need.id, await options.resolve(fold.need.id))
    }
  }
  return seen
}

/** Records [index, reached) of a run, folded. */
interface Piece {
  readonly stream: Stream
  readonly fold: Fold
  readonly records: Records
  readonly index: number
  readonly reached: number
  readonly rows: Float32Array
  readonly partition: number
  readonly usableFromMs: number
}

function take({ fold, records, index, rows, usableFromMs }: Piece, sample: Sample): void {
  for (let row = 0; row < fold.rowCount; row++) {
    const record = fold.rowRecord[row] as number
    const timeMs = timeOf(fold, record, index)
    sample.offer(rows, row, timeMs, {
      usable: timeMs >= usableFromMs,
      called: null,
      key: keyHash(fold, records, record),
    })
  }
}

function takeCalled(piece: Piece, sample: Sample, calls: Calls): void {
  const { stream, fold, records, index, reached, rows, partition, usableFromMs } = piece
  const { width } = stream
  let row = 0
  for (let record = index; record < reached; record++) {
    const outcome = fold.outcomes[record - index] as number
    if (outcome >= REJECTED || outcome === LATE) continue
    const at = row < fold.rowCount && fold.rowRecord[row] === record ? row++ : -1
    const timeMs = timeOf(fold, record, index)
    const usable = timeMs >= usableFromMs
    const key = keyHash(fold, records, record)
    const called = calls.meet({
      topic: stream.spec.source.topic,
      partition,
      offset: records.offsets[record] as number,
      key,
      timeMs,
      id: () => fold.idText(records, record),
      row: () => (at >= 0 && usable ? rows.slice(at * width, (at + 1) * width) : null),
    })
    if (at >= 0) sample.offer(rows, at, timeMs, { usable, called, key })
  }
}

function timeOf(fold: Fold, record: number, index: number): number {
  return fold.eventTimesMs[record - index] as number
}

const encoder = new TextEncoder()
const hashed = new Uint32Array(2)

function keyHash(fold: Fold, records: Records, index: number): number {
  const bytes = encoder.encode(fold.keyText(records, index))
  hash64(bytes, 0, bytes.length, hashed, 0)
  return hashed[0] as number
}
