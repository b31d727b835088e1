// Compaction: keeps the last record of every key of a partition, in small steps beside the writers. Owns no state.
// Invariants
//   C1 a record keeps its offset; a reader at any position goes on unharmed, before, during and after.
//   C2 what stays is in the log at every moment: a step replaces some batches by what survives of them in one transaction.
//   C3 a tombstone goes only after TOMBSTONE_MS, so that a reader who follows sees the deletion; records without a key stay.

import { headersOf, keyBytes, type Records, valueBytes } from '../../core/records.ts'
import { batchesIn } from '../record-batch.ts'
import { runsOf } from '../record-reader.ts'
import { type BatchMessage, batchOf } from '../record-writer.ts'
import type { Scheduler } from '../scheduler.ts'
import { appendedMsOf, maxTimestampMsOf, PREFIX_BYTES, storedOf } from './log.ts'
import type { BatchKey, Store, TopicRow } from './store.ts'

export const TOMBSTONE_MS = 24 * 3_600_000
/** Batches are gathered until their survivors weigh this much. */
const STEP_BYTES = 256 * 1024
const STEP_BATCHES_MAX = 256

interface Survivor {
  readonly offset: number
  readonly message: BatchMessage
}

/** Batches read one after the other, and what survives of them. */
interface Gathered {
  readonly keys: BatchKey[]
  readonly survivors: Survivor[]
  maxTimestampMs: number
  appendedMs: number
  bytes: number
  /** Whether anything is gained by writing them anew. */
  changed: boolean
}

/** Compacts a partition up to its present end; answers the bytes that survived. */
export async function compact(
  store: Store,
  topic: TopicRow,
  partition: number,
  nowMs: number,
  scheduler: Scheduler,
): Promise<number> {
  const next = store.heads.get([topic.id, partition])?.next ?? 0
  const last = new Map<string, number>()
  for await (const { records } of walk(store, topic, partition, next, scheduler)) {
    for (let i = 0; i < records.count; i++) {
      const key = nameOf(records, i)
      if (key !== null) last.set(key, records.offsets[i] ?? 0)
    }
  }
  let survived = 0
  let step = nothing()
  for await (const { key, value, records } of walk(store, topic, partition, next, scheduler)) {
    gather(step, key, value, records, last, nowMs - TOMBSTONE_MS)
    if (step.bytes < STEP_BYTES && step.keys.length < STEP_BATCHES_MAX) continue
    survived += await replace(store, step)
    step = nothing()
  }
  return survived + (await replace(store, step))
}

interface Stored {
  readonly key: BatchKey
  readonly value: Uint8Array
  readonly records: Records
}

/** The batches below `next`, one a turn; each is looked up anew, so that no read transaction stays open. */
async function* walk(
  store: Store,
  topic: TopicRow,
  partition: number,
  next: number,
  scheduler: Scheduler,
): AsyncGenerator<Stored> {
  let from = 0
  for (;;) {
    const start: BatchKey = [topic.id, partition, from]
    const end: BatchKey = [topic.id, partition, next]
    let found: Stored | null = null
    for (const { key, value } of store.batches.getRange({ start, end, limit: 1 })) {
      const bytes = value.subarray(PREFIX_BYTES)
      for (const run of runsOf(batchesIn(bytes, 0, bytes.length), { from: 0, aborted: [] })) {
        if (run.kind === 'records') found = { key, value, records: run.records }
      }
    }
    if (found === null) return
    yield found
    from = found.records.nextOffset
    await scheduler.turn()
  }
}

function nothing(): Gathered {
  return { keys: [], survivors: [], maxTimestampMs: -1, appendedMs: 0, bytes: 0, changed: false }
}

function nameOf(records: Records, index: number): string | null {
  const key = keyBytes(records, index)
  return key === null ? null : Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}

function gather(
  step: Gathered,
  key: BatchKey,
  value: Uint8Array,
  records: Records,
  last: ReadonlyMap<string, number>,
  tombstonesBeforeMs: number,
): void {
  const forgets = appendedMsOf(value) < tombstonesBeforeMs
  let kept = 0
  for (let i = 0; i < records.count; i++) {
    const offset = records.offsets[i] ?? 0
    const name = nameOf(records, i)
    const content = valueBytes(records, i)
    if (name !== null && (last.get(name) !== offset || (content === null && forgets))) continue
    const timestampMs = records.timestampsMs[i] ?? 0
    const message = { key: keyBytes(records, i), value: content, headers: headersOf(records, i), timestampMs }
    step.survivors.push({ offset, message })
    step.bytes += (message.key?.length ?? 0) + (content?.length ?? 0)
    kept++
  }
  step.changed ||= kept < records.count || step.keys.length > 0
  step.keys.push(key)
  step.maxTimestampMs = maxTimestampMsOf(value)
  step.appendedMs = Math.max(step.appendedMs, appendedMsOf(value))
}

async function replace(store: Store, step: Gathered): Promise<number> {
  const { keys, survivors, maxTimestampMs, appendedMs, bytes } = step
  const key = keys[0]
  if (!step.changed || key === undefined) return bytes
  const first = survivors[0]
  await store.write(() => {
    for (const old of keys) store.batches.remove(old)
    if (first === undefined) return
    const offsets = survivors.map(({ offset }) => offset)
    const messages = survivors.map(({ message }) => message)
    const batch = batchOf(messages, first.offset, { offsets })
    store.batches.put([key[0], key[1], first.offset], storedOf(batch, maxTimestampMs, appendedMs))
  })
  return bytes
}
