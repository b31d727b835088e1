// Kafka: the bus on Apache Kafka, by kafkajs. This folder is the only one that knows kafkajs. Here its parts are put
// together; what each holds to stands in its own file.

import type { ConnectionOptions } from 'node:tls'
import type { SASLOptions } from 'kafkajs'
import type { Bus, Following, Running, RunOptions, TopicSettings } from '../bus.ts'
import { wallScheduler } from '../scheduler.ts'
import type { OffsetLost } from './committed.ts'
import { Connection } from './connection.ts'
import { exclusively } from './exclusive.ts'
import { follow } from './follow.ts'
import { library } from './library.ts'
import { type KafkaLimits, limitsWith } from './limits.ts'
import { TopicLog } from './log.ts'
import { Logs } from './logs.ts'
import { Member } from './member.ts'
import { Publisher } from './publisher.ts'
import { ensureTopics } from './topics.ts'

export interface KafkaOptions {
  readonly brokers: readonly string[]
  /** Must be a process's own: publishing fences whoever else publishes under it. */
  readonly clientId: string
  readonly sasl?: SASLOptions
  readonly ssl?: ConnectionOptions | boolean
  /** What to do where the log no longer holds the committed offset; `stop` unless told otherwise. */
  readonly offsetLost?: OffsetLost
  readonly limits?: Partial<KafkaLimits>
}

/** Tells the buses of one process apart. */
let publishers = 0

/** `warn` is told what an operator should know and nobody waits for. */
export function kafka(options: KafkaOptions, warn: (message: string) => void = () => {}): Bus {
  const connection = new Connection(options, limitsWith(options.limits ?? {}))
  const logs = new Logs(connection)
  const publisher = new Publisher(connection, logs, `${options.clientId}.publish.${++publishers}`)
  const scheduler = wallScheduler()
  const offsetLost = options.offsetLost ?? 'stop'
  const open = new Set<{ stop(): Promise<void> }>()
  const { warning } = library()
  if (warning !== null) warn(warning)
  return {
    partitions: (topic) => logs.partitions(topic),
    range: (topic, partition) => logs.range(topic, partition),
    read: (topic, partition, from, to) => logs.read(topic, partition, from, to),
    offsetAt: (topic, partition, timeMs) => logs.offsetAt(topic, partition, timeMs),
    ensureTopics: (topics) => ensured(connection, topics),
    publish: (messages) => publisher.publish(messages),
    async run(runOptions: RunOptions): Promise<Running> {
      await logs.partitions(runOptions.topic)
      const member = new Member({ connection, logs, options: runOptions, offsetLost, scheduler })
      await member.join()
      open.add(member)
      return { ended: member.ended, stop: () => member.stop() }
    },
    async follow(topic, each): Promise<Following> {
      const log = new TopicLog(connection, topic)
      await log.partitions()
      const failed = (failure: Error): void => warn(`following ${topic}: ${failure.message}`)
      const following = follow(log, { each, failed }, (thrown) => connection.failure(thrown, `following ${topic}`))
      open.add(following)
      return following
    },
    exclusively: (id, decide) => exclusively(connection, logs, id, decide),
    async close(): Promise<void> {
      await Promise.all([...open].map((running) => running.stop()))
      await publisher.close()
      await logs.close()
    },
  }
}

async function ensured(connection: Connection, topics: readonly TopicSettings[]): Promise<void> {
  const admin = await connection.admin()
  try {
    await ensureTopics(admin, topics)
  } catch (thrown) {
    throw connection.failure(thrown, `creating or checking ${topics.map((settings) => settings.topic).join(', ')}`)
  } finally {
    await admin.disconnect().catch(() => {})
  }
}
