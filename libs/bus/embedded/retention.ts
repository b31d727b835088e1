// Retention: removes what is older than a topic keeps, a few batches a call, from the front. Owns no state.
// Age is counted from the time of appending, not from the record's own timestamp: a replay of old data is not old here.

import { appendedMsOf, endOf, PREFIX_BYTES } from './log.ts'
import type { BatchKey, Store, TopicRow } from './store.ts'

/** A call removes at most this many batches, so that writers do not wait for it. */
const BATCHES_MAX = 32

/** Removes batches of a partition appended before `beforeMs`; answers whether there may be more. */
export async function expire(store: Store, topic: TopicRow, partition: number, beforeMs: number): Promise<boolean> {
  const start: BatchKey = [topic.id, partition, 0]
  const end: BatchKey = [topic.id, partition, Number.POSITIVE_INFINITY]
  const keys: BatchKey[] = []
  let first = 0
  for (const { key, value } of store.batches.getRange({ start, end, limit: BATCHES_MAX })) {
    if (appendedMsOf(value) >= beforeMs) break
    keys.push(key)
    first = endOf(value.subarray(PREFIX_BYTES))
  }
  if (keys.length === 0) return false
  await store.write(() => {
    for (const key of keys) store.batches.remove(key)
    const head = store.heads.get([topic.id, partition])
    if (head !== undefined) store.heads.put([topic.id, partition], { ...head, first })
  })
  return keys.length === BATCHES_MAX
}
