// Logs: the topic logs of one bus, one client for each topic, since a topic that is deleted spoils the metadata of a
// client that knows others too. Answers the Reader part of the contract and says where a message without partition goes.

import type { Message } from '../../core/message.ts'
import type { Records } from '../../core/records.ts'
import type { PartitionRange, Reader } from '../bus.ts'
import { partitionOf } from '../murmur2.ts'
import type { Connection } from './connection.ts'
import { TopicLog } from './log.ts'
import { replay } from './replay.ts'

export class Logs implements Reader {
  readonly #connection: Connection
  readonly #logs = new Map<string, TopicLog>()
  #turn = 0

  constructor(connection: Connection) {
    this.#connection = connection
  }

  of(topic: string): TopicLog {
    let log = this.#logs.get(topic)
    if (log === undefined) {
      log = new TopicLog(this.#connection, topic)
      this.#logs.set(topic, log)
    }
    return log
  }

  async partitions(topic: string): Promise<number> {
    return (await this.of(topic).partitions()).length
  }

  range(topic: string, partition: number): Promise<PartitionRange> {
    return this.of(topic).range(partition)
  }

  read(topic: string, partition: number, from: number, to: number): AsyncIterable<Records> {
    return replay(this.of(topic), partition, from, to)
  }

  offsetAt(topic: string, partition: number, timeMs: number): Promise<number> {
    return this.of(topic).offsetAt(partition, timeMs)
  }

  /** The messages with a partition each: by the key; without one to that of the number `keyless`, or in turn. */
  async placed(messages: readonly Message[], keyless: number | null = null): Promise<readonly Message[]> {
    const counts = new Map<string, number>()
    for (const { topic, partition } of messages) {
      if (partition === null && !counts.has(topic)) counts.set(topic, await this.partitions(topic))
    }
    if (counts.size === 0) return messages
    return messages.map((message) => {
      const { topic, partition, key } = message
      if (partition !== null) return message
      const count = counts.get(topic) ?? 1
      return { ...message, partition: key === null ? (keyless ?? this.#turn++) % count : partitionOf(key, count) }
    })
  }

  async close(): Promise<void> {
    const logs = [...this.#logs.values()]
    this.#logs.clear()
    await Promise.all(logs.map((log) => log.close()))
  }
}
