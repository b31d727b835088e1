// Following: all records of all partitions of a topic from the beginning on, then as they come. Owns its tails.

import type { Records } from '../core/records.ts'
import type { Following, PartitionRange } from './bus.ts'
import type { Scheduler } from './scheduler.ts'
import { Tail, type TailSource } from './tail.ts'

export interface FollowingSpec {
  readonly source: TailSource
  readonly scheduler: Scheduler
  readonly topic: string
  /** Of each partition, what it holds now. */
  readonly ranges: readonly PartitionRange[]
  readonly each: (partition: number, records: Records) => void
}

export function followingOf(spec: FollowingSpec): Following {
  const tails: Tail[] = []
  const caught = spec.ranges.map((range, partition) => followOne(spec, partition, range, tails))
  return {
    caughtUp: Promise.all(caught).then(() => undefined),
    stop: async () => {
      for (const tail of tails) tail.pause()
    },
  }
}

function followOne(spec: FollowingSpec, partition: number, range: PartitionRange, tails: Tail[]): Promise<void> {
  const { source, scheduler, topic, each } = spec
  return new Promise((resolve, reject) => {
    let caughtUp = range.first >= range.next
    if (caughtUp) resolve()
    const tail = new Tail({
      source,
      scheduler,
      topic,
      partition,
      each: (fetched) => {
        for (const run of fetched.runs) {
          if (run.kind === 'records' && run.records.count > 0) each(partition, run.records)
        }
        caughtUp ||= fetched.next >= range.next
        if (caughtUp) resolve()
      },
      failed: (thrown) => {
        // Later nobody waits for an answer, and going on without this topic would go unseen: let the process end.
        if (caughtUp) throw thrown
        reject(thrown)
      },
    })
    tails.push(tail)
    tail.seek(range.first)
    tail.resume()
  })
}
