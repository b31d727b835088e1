// Restore: from what is committed to a fold that can go on. The recovery path and the crash path are one path.
// Invariants
//   S1 the fold restored for offset o equals a fold over the records before o (I7).
//   S2 nothing is emitted while restoring, and no clock is read.
//   S3 ledger and group offset must agree; the ledger alone counts where the group offset has expired.
//   S4 told to rebuild, a state that cannot be used is left behind: judging goes on at the group's offset, with a fold of the
//      history before it. Counts and chain begin anew, and `beginning` says where.
// Reads the state topic from its end backwards, in growing steps, until it has the ledger and every bucket that the ledger
// says was written: no index of where a round begins is needed, and one round bounds what is read.

import { Failure } from '../core/failure.ts'
import { keyBytes, type Records, valueBytes } from '../core/records.ts'
import type { Fold } from '../stream/fold.ts'
import type { Stream } from '../stream/stream.ts'
import { type Beginning, decodeLedger, type Ledger } from './ledger.ts'

/** What a restore reads with: the reading half of a bus. */
export interface Source {
  range(topic: string, partition: number): Promise<{ readonly first: number; readonly next: number }>
  read(topic: string, partition: number, from: number, to: number): AsyncIterable<Records>
  offsetAt(topic: string, partition: number, timeMs: number): Promise<number>
}

/** What to do about state that contradicts the committed offset or cannot be used: stop, or leave it behind (S4). */
export type OnMismatch = 'stop' | 'rebuild'

export interface Restored {
  readonly ledger: Ledger | null
  readonly beginning: Beginning
  /** First offset to judge. */
  readonly position: number
  readonly bucketOffsets: Float64Array
  readonly bucketWritten: Uint8Array
  /** Records folded again. */
  readonly replayed: number
}

export interface RestoreOptions {
  readonly stream: Stream
  readonly fold: Fold
  readonly source: Source
  readonly stateTopic: string
  readonly partition: number
  readonly committed: number | null
  /** exactly-once: they must agree. at-least-once: the ledger is published before the offset, so it may be ahead. */
  readonly delivery: 'exactly-once' | 'at-least-once'
  readonly onMismatch: OnMismatch
  /** Fetches a schema that records of the replay name. */
  readonly resolve: (id: number) => Promise<string | 'absent'>
}

/** Window of state messages read first, from the end; it grows by 8 until all is found. */
const tailOffsets = 512

export async function restore(options: RestoreOptions): Promise<Restored> {
  const { source, stream, partition } = options
  const range = await source.range(stream.spec.source.topic, partition)
  let ledger: Ledger | null = null
  let state: State | null = null
  try {
    state = await readState(options)
    ledger = state?.ledger ?? null
    if (ledger !== null) check(options, ledger, range.first)
    if (state !== null) unpackAll(options.fold, state.packed)
  } catch (thrown) {
    const unusable = thrown instanceof Failure && (thrown.code === 'state-mismatch' || thrown.code === 'offset-lost')
    if (!unusable || options.onMismatch === 'stop') throw thrown
    state = null
  }
  if (state !== null) return await resume(options, state)
  return await begin(options, ledger, range.first)
}

/** Throws before anything is folded. */
function check(
  { fold, stream, stateTopic, partition, committed, delivery }: RestoreOptions,
  ledger: Ledger,
  first: number,
): void {
  const where = `partition ${partition} of ${stream.spec.source.topic}`
  const remedy = `Start once with --reset-state to judge from the group's offset with state rebuilt from history`
  if (committed !== null && delivery === 'exactly-once' && committed !== ledger.nextOffset) {
    throw new Failure(
      'state-mismatch',
      `${where}: the group has committed offset ${committed}, the ledger says ${ledger.nextOffset}; ` +
        `someone moved the group, the state topic ${stateTopic} was cut, or another revision of the stream judged since. ${remedy}`,
    )
  }
  if (ledger.bucketOffsets.length !== fold.buckets) {
    const found = `the ledger has ${ledger.bucketOffsets.length} buckets, this version ${fold.buckets}`
    throw new Failure('state-mismatch', `${where}: ${found}. ${remedy}`)
  }
  const from = replayStart(ledger)
  if (from < first && from < ledger.nextOffset) {
    const found = `it begins at ${first}, but state must be replayed from ${from}: retention is too short`
    throw new Failure('offset-lost', `${where}: ${found}. ${remedy}`)
  }
}

function replayStart(ledger: Ledger): number {
  return ledger.bucketOffsets.reduce((from, offset) => Math.min(from, offset), ledger.nextOffset)
}

/** All or none: where a bucket cannot be used, those before it are emptied again. */
function unpackAll(fold: Fold, packed: ReadonlyMap<number, Uint8Array>): void {
  const empty = [...packed.keys()].map((bucket) => [bucket, fold.pack(bucket)] as const)
  try {
    for (const [bucket, bytes] of packed) fold.unpack(bucket, bytes)
  } catch (thrown) {
    for (const [bucket, bytes] of empty) fold.unpack(bucket, bytes)
    throw thrown
  }
}

async function resume(options: RestoreOptions, { ledger }: State): Promise<Restored> {
  const { fold } = options
  for (const id of ledger.absentSchemas) fold.supply(id, 'absent')
  const { bucketOffsets, bucketWritten, nextOffset } = ledger
  const replayed = await replay(options, replayStart(ledger), nextOffset, bucketOffsets)
  return { ledger, beginning: ledger.beginning, position: nextOffset, bucketOffsets, bucketWritten, replayed }
}

/** No usable state: a first start, a new revision or `left` behind. Folds the horizon before the start, emits nothing. */
async function begin(options: RestoreOptions, left: Ledger | null, first: number): Promise<Restored> {
  const { fold, source, stream, partition, committed } = options
  const position = Math.max(committed ?? left?.nextOffset ?? first, first)
  const from = position > first ? await horizonStart(source, stream, partition, first, position) : position
  // None of it is on the state topic yet: until a bucket is written, a later restore folds it from here again.
  const bucketOffsets = new Float64Array(fold.buckets).fill(from)
  const replayed = await replay(options, from, position, bucketOffsets)
  const judgedBefore = Math.max(left?.nextOffset ?? 0, left?.beginning.judgedBefore ?? 0)
  const beginning = { foldedFrom: from, judgedFrom: position, judgedBefore }
  return { ledger: null, beginning, position, bucketOffsets, bucketWritten: new Uint8Array(fold.buckets), replayed }
}

async function horizonStart(
  source: Source,
  stream: Stream,
  partition: number,
  first: number,
  position: number,
): Promise<number> {
  const topic = stream.spec.source.topic
  const isLong = stream.spec.window.rows > 1 || stream.spec.features.some(({ kind }) => kind === 'novelty')
  if (isLong) return first
  for await (const records of source.read(topic, partition, position - 1, position)) {
    const timeMs = records.timestampsMs[0]
    if (timeMs === undefined) continue
    const from = await source.offsetAt(topic, partition, timeMs - stream.horizonMs - stream.spec.source.latenessMs)
    return Math.min(Math.max(from, first), position)
  }
  return first
}

/** Folds records [from, to) that were judged, each from its bucket's offset on; answers how many there were. */
export async function replay(
  options: Pick<RestoreOptions, 'fold' | 'source' | 'stream' | 'partition' | 'resolve'>,
  from: number,
  to: number,
  bucketFrom: Float64Array,
): Promise<number> {
  const { fold, source, stream, partition } = options
  let replayed = 0
  if (from >= to) return 0
  for await (const records of source.read(stream.spec.source.topic, partition, from, to)) {
    for (let index = 0; index < records.count; ) {
      index = fold.replay(records, bucketFrom, index)
      if (fold.need !== null) fold.supply(fold.need.id, await options.resolve(fold.need.id))
    }
    replayed += records.count
  }
  return replayed
}

interface State {
  readonly ledger: Ledger
  readonly packed: ReadonlyMap<number, Uint8Array>
}

async function readState(options: RestoreOptions): Promise<State | null> {
  const { source, stateTopic, partition, stream } = options
  const range = await source.range(stateTopic, partition)
  const prefix = `${stream.revision}/`
  const decoder = new TextDecoder()
  const packed = new Map<number, Uint8Array>()
  let ledger: Ledger | null = null
  let to = range.next
  for (let window = tailOffsets; to > range.first; window *= 8) {
    const from = Math.max(range.first, to - window)
    const found = new Map<string, Uint8Array>()
    for await (const records of source.read(stateTopic, partition, from, to)) {
      for (let i = 0; i < records.count; i++) {
        const key = keyBytes(records, i)
        const value = valueBytes(records, i)
        if (key === null || value === null) continue
        const name = decoder.decode(key)
        if (name.startsWith(prefix)) found.set(name.slice(prefix.length), value.slice())
      }
    }
    for (const [name, value] of found) {
      if (name === 'ledger') ledger ??= decodeLedger(value)
      else if (!packed.has(Number(name))) packed.set(Number(name), value)
    }
    if (ledger !== null && complete(ledger, packed)) return { ledger, packed }
    to = from
  }
  if (ledger === null) return null
  throw new Failure(
    'state-mismatch',
    `the state topic ${stateTopic}, partition ${partition}, lacks buckets that its ledger names; start once with --reset-state`,
  )
}

function complete(ledger: Ledger, packed: ReadonlyMap<number, Uint8Array>): boolean {
  return ledger.bucketWritten.every((written, bucket) => written === 0 || packed.has(bucket))
}
