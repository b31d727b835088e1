// The Kafka adapter on a real broker, thinly: publish, read, run, follow.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Bus, Step, Task, TaskEvent } from '../../libs/bus/bus.ts'
import { kafka } from '../../libs/bus/kafka/kafka.ts'
import type { Message } from '../../libs/core/message.ts'
import { valueBytes } from '../../libs/core/records.ts'
import { findBroker } from './broker.ts'

const found = await findBroker()
const skip = found.kind === 'none' ? found.reason : false
let bus: Bus
before(() => {
  if (found.kind === 'broker') bus = kafka({ brokers: found.brokers, clientId: 'test' })
})
after(async () => {
  await bus?.close()
  if (found.kind === 'broker') await found.stop()
})

const text = (value: Uint8Array | null): string | null => (value === null ? null : new TextDecoder().decode(value))
const message = (topic: string, partition: number | null, value: string): Message => ({
  topic,
  partition,
  key: null,
  value: new TextEncoder().encode(value),
  headers: [],
  timestampMs: 1_700_000_000_000,
})

async function valuesOf(topic: string, partition: number): Promise<(string | null)[]> {
  const { first, next } = await bus.range(topic, partition)
  const values: (string | null)[] = []
  for await (const records of bus.read(topic, partition, first, next)) {
    for (let i = 0; i < records.count; i++) values.push(text(valueBytes(records, i)))
  }
  return values
}

/** Publishes the value of each record to `out`, on the partition it came from. */
function copier(out: string, partition: number): Task {
  let next = 0
  return {
    step(records, from): Step {
      const outputs: Message[] = []
      for (let i = from; i < records.count; i++)
        outputs.push(message(out, partition, text(valueBytes(records, i)) ?? ''))
      next = records.nextOffset
      return { outputs, nextOffset: next, need: null }
    },
    skip: (_from, to): Step => ({ outputs: [], nextOffset: to, need: null }),
    tick: () => ({ outputs: [], nextOffset: next, need: null }),
    checkpoint: () => [],
    supply: () => {},
  }
}

test('what is published is read, run through a task and followed', { skip }, async () => {
  const settings = { partitions: 2, cleanup: 'delete', retentionMs: null } as const
  await bus.ensureTopics(['in', 'out'].map((topic) => ({ topic, ...settings })))
  const published = await bus.publish(Array.from({ length: 100 }, (_, i) => message('in', i % 2, `v${i}`)))
  assert.deepEqual(published[3], { topic: 'in', partition: 1, offset: 1 })
  assert.deepEqual((await valuesOf('in', 1)).slice(0, 2), ['v1', 'v3'])
  const events: TaskEvent[] = []
  const done = new Promise<void>((resolve) => {
    const offsets = [0, 0]
    events.push = (...added) => {
      for (const event of added) if (event.kind === 'committed') offsets[event.partition] = event.offset
      if (offsets.every((offset) => offset === 50)) resolve()
      return Array.prototype.push.apply(events, added)
    }
  })
  const running = await bus.run({
    topic: 'in',
    group: 'g',
    delivery: 'exactly-once',
    commitMsMin: 50,
    idleCommitMs: 1000,
    bufferedBytesMax: 64 * 1024 * 1024,
    build: async ({ partition, committed }) => ({ task: copier('out', partition), position: committed ?? 0 }),
    resolve: async () => 'absent',
    on: (event) => void events.push(event),
  })
  await done
  await running.stop()
  await running.ended
  assert.deepEqual(await valuesOf('out', 0), await valuesOf('in', 0))
  assert.deepEqual(await valuesOf('out', 1), await valuesOf('in', 1))
  let count = 0
  const following = await bus.follow('out', (_, records) => {
    count += records.count
  })
  await following.caughtUp
  await following.stop()
  assert.equal(count, 100)
})
