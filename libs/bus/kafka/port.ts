// Port: what the loop of one partition needs of Kafka: its writer, its committed offset, its place in the consumer. Owns
// the writer.
// Invariants
//   O1 fence first, read the offset second: what the former owner commits in between would be missed otherwise.
//   O2 the newest fence counts: a writer that an earlier one brings later is discarded.

import type { Admin, Consumer, Producer } from 'kafkajs'
import { Failure } from '../../core/failure.ts'
import type { Message } from '../../core/message.ts'
import type { RunOptions } from '../bus.ts'
import type { Port } from '../runner.ts'
import { committedOffset, heldOffset, type OffsetLost } from './committed.ts'
import type { Connection } from './connection.ts'
import type { Logs } from './logs.ts'
import { parcelsOf, sendParcel } from './send.ts'
import { settled } from './settled.ts'
import { Writer } from './writer.ts'

export interface PortSpec {
  readonly connection: Connection
  readonly logs: Logs
  readonly options: RunOptions
  readonly offsetLost: OffsetLost
  readonly partition: number
  readonly admin: () => Promise<Admin>
  /** The consumer as it is now; null while there is none, or none that is a member. */
  readonly consumer: () => Consumer | null
  /** Told where fetching goes on, so that what comes from elsewhere is not taken for it. */
  readonly sought: (offset: number) => void
}

export class KafkaPort implements Port {
  readonly #spec: PortSpec
  #writer: Writer | null = null
  #producer: Producer | null = null
  #fences = 0

  constructor(spec: PortSpec) {
    this.#spec = spec
  }

  async fence(): Promise<number | null> {
    const { connection, options, partition, logs } = this.#spec
    const turn = ++this.#fences
    this.#drop()
    if (options.delivery === 'exactly-once') {
      const writer = await Writer.fence(connection, `${options.group}.${options.topic}.${partition}`)
      if (turn !== this.#fences) {
        writer.discard()
        throw new Failure('stopped', 'fenced again meanwhile')
      }
      this.#writer = writer
    }
    const where = `${options.topic}/${partition}, group ${options.group}`
    try {
      const offset = await committedOffset(await this.#spec.admin(), options.group, options.topic, partition)
      const range = await logs.range(options.topic, partition)
      const held = heldOffset(offset, range, where, this.#spec.offsetLost)
      if (held.gap !== null) options.on({ kind: 'failed', failure: held.gap })
      return held.offset
    } catch (thrown) {
      throw connection.failure(thrown, `reading the committed offset of ${where}`)
    }
  }

  async commit(messages: readonly Message[], nextOffset: number): Promise<void> {
    const { options, logs } = this.#spec
    const placed = await logs.placed(messages)
    if (options.delivery === 'at-least-once') return this.#commitAfterSending(placed, nextOffset)
    const writer = this.#writer
    if (writer === null) throw new Failure('stopped', 'the partition is not fenced')
    const { group, topic } = options
    try {
      await writer.commit(placed, { group, topic, partition: this.#spec.partition, offset: nextOffset })
      options.on({ kind: 'transaction', result: 'committed' })
    } catch (thrown) {
      this.#drop()
      options.on({ kind: 'transaction', result: resultOf(thrown) })
      throw thrown
    }
  }

  async #commitAfterSending(messages: readonly Message[], nextOffset: number): Promise<void> {
    const { connection, options, partition } = this.#spec
    const consumer = this.#spec.consumer()
    try {
      this.#producer ??= await connection.producer(null)
      for (const parcel of parcelsOf(messages, () => 0, connection.limits.produceBytesMax)) {
        await sendParcel(this.#producer, parcel)
      }
      if (consumer === null) throw new Failure('stopped', 'the group was left meanwhile')
      await consumer.commitOffsets([{ topic: options.topic, partition, offset: String(nextOffset) }])
    } catch (thrown) {
      this.#drop()
      throw connection.failure(thrown, `committing ${options.topic}/${partition} of group ${options.group}`)
    }
  }

  seek(offset: number): void {
    this.#spec.sought(offset)
    this.#spec.consumer()?.seek({ ...this.#place, offset: String(offset) })
  }

  pause(): void {
    this.#spec.consumer()?.pause([{ topic: this.#place.topic, partitions: [this.#place.partition] }])
  }

  resume(): void {
    this.#spec.consumer()?.resume([{ topic: this.#place.topic, partitions: [this.#place.partition] }])
  }

  get #place(): { topic: string; partition: number } {
    return { topic: this.#spec.options.topic, partition: this.#spec.partition }
  }

  #drop(): void {
    this.#writer?.discard()
    this.#writer = null
    this.#producer?.disconnect().catch(() => {})
    this.#producer = null
  }

  async close(): Promise<void> {
    this.#fences++
    const writer = this.#writer
    const producer = this.#producer
    this.#writer = null
    this.#producer = null
    // Whoever stops a run may look at once at what it wrote.
    if (writer !== null) await settled(this.#spec.logs, writer.written).catch(() => {})
    await writer?.close()
    await producer?.disconnect().catch(() => {})
  }
}

function resultOf(thrown: unknown): 'fenced' | 'indefinite' | 'aborted' {
  const code = thrown instanceof Failure ? thrown.code : null
  if (code === 'fenced') return 'fenced'
  return code === 'commit-unknown' ? 'indefinite' : 'aborted'
}
