// Settled: waits until what a transaction wrote can be read. The broker answers a commit before it has marked the
// partitions, so a reader that looks at once still sees them end before it, for some tens of milliseconds.

import { setTimeout as wait } from 'node:timers/promises'
import type { Logs } from './logs.ts'

/** Another producer's open transaction may hold a partition's end for longer; that is not waited for. */
const waitMsMax = 2_000
const askMs = 10

export interface Written {
  readonly topic: string
  readonly partition: number
  readonly lastOffset: number
}

export async function settled(logs: Logs, written: readonly Written[]): Promise<void> {
  for (const { topic, partition, lastOffset } of written) {
    for (let waitedMs = 0; waitedMs < waitMsMax; waitedMs += askMs) {
      const { next } = await logs.range(topic, partition)
      if (next > lastOffset) break
      await wait(askMs)
    }
  }
}
