// Replay: the committed records of a range of one partition, in runs. Owns nothing: the client is the log's.
// Invariants
//   P1 it ends by position: when everything below `to` has been passed, visible or not.
//   P2 the next fetch is under way while a run is worked on, one ahead and no more.

import { indexAt, type Records, sliceOf } from '../../core/records.ts'
import { type Fetched, gapTo } from '../fetched.ts'
import type { TopicLog } from './log.ts'

export async function* replay(
  log: TopicLog,
  partition: number,
  from: number,
  to: number,
): AsyncGenerator<Records, void, undefined> {
  const { next: end } = await log.range(partition)
  // Past the last committed record there is nothing to wait for: the range was said to be bounded.
  const stop = Math.min(to, end)
  if (from >= stop) return
  const fetchAt = async (position: number): Promise<Fetched | undefined> => {
    const deliveries = await log.fetch(new Map([[partition, position]]))
    return deliveries.find((delivery) => delivery.partition === partition)
  }
  let pending = fetchAt(from)
  for (let position = from; position < stop; ) {
    const fetched = await pending
    position = fetched?.next ?? position
    if (position < stop) {
      pending = fetchAt(position)
      // Its failure is met by the next turn of the loop, or by nobody when the reader stops here.
      pending.catch(() => {})
    }
    if (fetched !== undefined) yield* runsBelow(fetched, stop)
  }
}

function* runsBelow(fetched: Fetched, stop: number): Generator<Records, void, undefined> {
  for (const run of fetched.runs) {
    const records = run.kind === 'records' ? run.records : gapTo(run.next)
    const count = indexAt(records, stop)
    const part = sliceOf(records, 0, count)
    if (part.count > 0) yield part.nextOffset > stop ? { ...part, nextOffset: stop } : part
    if (records.nextOffset >= stop) return
  }
}
