// Follow: all partitions of one topic from their beginnings, then as records come. Owns its log, since a fetch that waits
// for news would hold up others on its connection.
// Invariants
//   W1 every partition in order, each record once; partitions that are added later are followed from their beginning.
//   W2 caught up is a matter of position: where the topic ended at the start, visible records or not.
//   W3 once it is caught up a failure does not end it: it is reported and tried again.

import { setTimeout as wait } from 'node:timers/promises'
import type { Failure } from '../../core/failure.ts'
import type { Records } from '../../core/records.ts'
import type { Following } from '../bus.ts'
import type { TopicLog } from './log.ts'

const retryMs = 1_000

export interface FollowHandlers {
  readonly each: (partition: number, records: Records) => void
  readonly failed: (failure: Failure) => void
}

export function follow(log: TopicLog, handlers: FollowHandlers, asFailure: (thrown: unknown) => Failure): Following {
  let stopped = false
  const positions = new Map<number, number>()
  const begin = async (): Promise<Map<number, number>> => {
    const ends = new Map<number, number>()
    for (const partition of await log.partitions()) {
      const { first, next } = await log.range(partition)
      positions.set(partition, first)
      ends.set(partition, next)
    }
    return ends
  }
  let lost = false
  const step = async (): Promise<void> => {
    if (lost) await toTheBeginning()
    lost = false
    for (const partition of await log.partitions()) if (!positions.has(partition)) positions.set(partition, 0)
    for (const delivery of await log.fetch(positions)) {
      if (stopped) return
      for (const run of delivery.runs) {
        if (run.kind === 'records' && run.records.count > 0) handlers.each(delivery.partition, run.records)
      }
      positions.set(delivery.partition, delivery.next)
    }
  }
  const passed = (ends: ReadonlyMap<number, number>): boolean =>
    [...ends].every(([partition, end]) => (positions.get(partition) ?? 0) >= end)
  const catchUp = async (): Promise<void> => {
    const ends = await begin()
    while (!stopped && !passed(ends)) await step()
  }
  const goOn = async (): Promise<void> => {
    while (!stopped) {
      try {
        await step()
      } catch (thrown) {
        const failure = asFailure(thrown)
        if (stopped) return
        handlers.failed(failure)
        lost = failure.code === 'offset-lost'
        if (!lost) await wait(retryMs)
      }
    }
  }
  /** What was deleted before it was read is gone; what is left is followed. */
  const toTheBeginning = async (): Promise<void> => {
    for (const [partition, position] of positions) {
      const { first } = await log.range(partition)
      positions.set(partition, Math.max(first, position))
    }
  }
  const caughtUp = catchUp()
  const ended = caughtUp.then(goOn, () => {})
  return {
    caughtUp,
    async stop() {
      stopped = true
      await log.close()
      await ended
    },
  }
}
