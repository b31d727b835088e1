// Feed: replays an example into its topic: first a history at full speed, so that there is something to learn from, then
// the rest at a steady rate. Goes on where an earlier run stopped, by counting what the topic holds. The rest waits for
// `begin`: what a first training sees is then the history and nothing more, whatever the machine's speed.

import type { Bus } from '../../libs/bus/bus.ts'
import { type Clock, sleep } from '../../libs/core/clock.ts'
import type { Message } from '../../libs/core/message.ts'

export interface Example {
  readonly topic: string
  /** Records that are published at once. */
  readonly historyRecords: number
  /** After the history. */
  readonly recordsPerSecond: number
  /** Records from the n-th on, in order. */
  records(from: number): Iterator<{ readonly key: Uint8Array; readonly value: Uint8Array }>
}

const batchRecords = 2_000
const turnMs = 100

/** A feed whose history is on the log already. */
export interface Feed {
  /** Goes on at the steady rate once `begin` resolves; resolves when the example is exhausted or `signal` aborts. */
  run(begin: Promise<void>, signal: AbortSignal): Promise<void>
}

/** Resolves once the history is published, so that a first training sees all of it. */
export async function feed(bus: Bus, example: Example, clock: Clock): Promise<Feed> {
  let published = 0
  for (let partition = 0; partition < (await bus.partitions(example.topic)); partition++) {
    published += (await bus.range(example.topic, partition)).next
  }
  const records = example.records(published)
  const send = async (count: number): Promise<boolean> => {
    const messages: Message[] = []
    while (messages.length < count) {
      const next = records.next()
      if (next.done) break
      const { key, value } = next.value
      messages.push({ topic: example.topic, partition: null, key, value, headers: [], timestampMs: clock.nowMs() })
    }
    if (messages.length > 0) await bus.publish(messages)
    published += messages.length
    return messages.length === count
  }
  let more = true
  while (more && published < example.historyRecords) {
    more = await send(Math.min(batchRecords, example.historyRecords - published))
  }
  return {
    run: async (begin, signal) => {
      await begin
      const startedMs = clock.elapsedMs()
      const before = published
      while (more && !signal.aborted) {
        await sleep(clock, turnMs)
        const due = before + Math.floor(((clock.elapsedMs() - startedMs) / 1000) * example.recordsPerSecond)
        if (due > published && !signal.aborted) more = await send(Math.min(batchRecords, due - published))
      }
    },
  }
}
