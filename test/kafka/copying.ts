// Copying: the least task that shows what was delivered: each value goes to the partition of the same number of another
// topic. With what tests of the Kafka adapter need around it.

import type { Bus, RunOptions, Step, Task, TaskEvent } from '../../libs/bus/bus.ts'
import type { Message } from '../../libs/core/message.ts'
import { valueBytes } from '../../libs/core/records.ts'

export function textMessage(topic: string, partition: number | null, text: string): Message {
  const value = new TextEncoder().encode(text)
  return { topic, partition, key: null, value, headers: [], timestampMs: 1_700_000_000_000 }
}

export async function readTexts(bus: Bus, topic: string, partition: number): Promise<string[]> {
  const { first, next } = await bus.range(topic, partition)
  const texts: string[] = []
  for await (const records of bus.read(topic, partition, first, next)) {
    for (let i = 0; i < records.count; i++) texts.push(new TextDecoder().decode(valueBytes(records, i) ?? undefined))
  }
  return texts
}

/** Stops before the record at `needsAt` until it is supplied. */
export function copier(output: string, partition: number, position: number, needsAt = -1): Task {
  let next = position
  let supplied = false
  const nothing = (): Step => ({ outputs: [], nextOffset: next, need: null })
  return {
    step(records, from) {
      const outputs: Message[] = []
      for (let i = from; i < records.count; i++) {
        next = records.offsets[i] ?? next
        if (next === needsAt && !supplied) return { outputs, nextOffset: next, need: { kind: 'test', id: 1 } }
        const text = new TextDecoder().decode(valueBytes(records, i) ?? undefined)
        outputs.push(textMessage(output, partition, text))
      }
      next = records.nextOffset
      return { outputs, nextOffset: next, need: null }
    },
    skip(_from, to) {
      next = to
      return nothing()
    },
    tick: nothing,
    checkpoint: () => [],
    supply: () => {
      supplied = true
    },
  }
}

export function copying(input: string, output: string, more: Partial<RunOptions> = {}): RunOptions {
  return {
    topic: input,
    group: `${input}-group`,
    delivery: 'exactly-once',
    commitMsMin: 20,
    idleCommitMs: 100,
    bufferedBytesMax: 16 * 1024 * 1024,
    build: async ({ partition, committed }) => ({
      task: copier(output, partition, committed ?? 0),
      position: committed ?? 0,
    }),
    resolve: async () => 'absent',
    on: () => {},
    ...more,
  }
}

/** What happened, and promises of what will. */
export class Seen {
  readonly events: TaskEvent[] = []
  readonly #waiting = new Set<() => void>()

  readonly on = (event: TaskEvent): void => {
    this.events.push(event)
    for (const look of this.#waiting) look()
  }

  until(enough: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!enough()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }

  committed(partition: number): number {
    let offset = -1
    for (const event of this.events) {
      if (event.kind === 'committed' && event.partition === partition) offset = event.offset
    }
    return offset
  }

  failures(): (string | undefined)[] {
    return this.events.flatMap((event) =>
      event.kind === 'failed' && 'code' in event.failure ? [String(event.failure.code)] : [],
    )
  }
}
