// Committed: the offset a group has committed of a partition, held against what the log still holds. Owns no state.
// Invariants
//   C1 an offset that the log does not hold any more is said, with the number of records that are gone; kafkajs would go
//      on from somewhere else without a word.

import { setTimeout as wait } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { Failure } from '../../core/failure.ts'
import type { PartitionRange } from '../bus.ts'
import { refusedForNow } from './failure.ts'

/** `stop` says so and ends; `resume` goes on from the first record that is left. */
export type OffsetLost = 'stop' | 'resume'

const attemptsMax = 50
const retryMs = 100
export async function committedOffset(
  admin: Admin,
  group: string,
  topic: string,
  partition: number,
): Promise<number | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
      const offset = Number(answer?.partitions.find((one) => one.partition === partition)?.offset ?? -1)
      return offset < 0 ? null : offset
    } catch (thrown) {
      // A coordinator that has just started or moved is loading; kafkajs does not ask it again.
      if (!refusedForNow(thrown) || attempt >= attemptsMax) throw thrown
      await wait(retryMs)
    }
  }
}

export interface Held {
  readonly offset: number | null
  /** Set when records were passed over because the log does not hold them any more. */
  readonly gap: Failure | null
}

export function heldOffset(offset: number | null, range: PartitionRange, where: string, policy: OffsetLost): Held {
  if (offset === null) return { offset, gap: null }
  if (offset > range.next) {
    const found = `${where}: offset ${offset} is committed, but the log ends at ${range.next}`
    throw new Failure('log-corrupt', `${found}; was the topic made anew, or data lost by an unclean leader election?`)
  }
  if (offset >= range.first) return { offset, gap: null }
  const gone = `${where}: ${range.first - offset} records from offset ${offset} on were deleted before they were read`
  const remedy = 'lengthen the retention of the topic, or start once with --reset-state to go on from what is left'
  const gap = new Failure('offset-lost', `${gone}; ${remedy}`)
  if (policy === 'stop') throw gap
  return { offset: range.first, gap }
}
