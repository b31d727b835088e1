// Log: reading the partitions of one topic by position, outside any group. Owns one client and its connections, made at
// first use and made anew after a failure.
// Invariants
//   L1 only committed records, in order; the end of a partition is its last stable offset.
//   L2 a fetch that fails for a passing reason (leader moved, connection lost) is repeated from the same position.

import { setTimeout as wait } from 'node:timers/promises'
import type { Cluster } from 'kafkajs'
import { Failure } from '../../core/failure.ts'
import type { PartitionRange } from '../bus.ts'
import type { Connection } from './connection.ts'
import { type Delivery, deliveryOf } from './delivery.ts'
import { errorType } from './failure.ts'
import type { PartitionData } from './fetched-batch.ts'
import { library } from './library.ts'

const attemptsMax = 12
const retryMs = 50
const retryMsMax = 1_000
/** Answers that no repetition changes. */
const lasting = ['OFFSET_OUT_OF_RANGE', 'INVALID_TOPIC_EXCEPTION', 'UNKNOWN_TOPIC_OR_PARTITION']

interface Client {
  readonly cluster: Cluster
  readonly disconnect: () => Promise<void>
}

interface FetchResponse {
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly PartitionData[] }[]
}

export class TopicLog {
  readonly topic: string
  readonly #connection: Connection
  #client: Promise<Client> | null = null
  #closed = false

  constructor(connection: Connection, topic: string) {
    this.#connection = connection
    this.topic = topic
  }

  async partitions(): Promise<number[]> {
    return this.#attempt('reading the metadata', async (cluster) => {
      await cluster.refreshMetadataIfNecessary()
      return cluster.findTopicPartitionMetadata(this.topic).map((partition) => partition.partitionId)
    })
  }

  async range(partition: number): Promise<PartitionRange> {
    const [first, next] = await Promise.all([
      this.#offset(partition, { fromBeginning: true }),
      this.#offset(partition, { fromBeginning: false }),
    ])
    return { first, next }
  }

  async offsetAt(partition: number, timeMs: number): Promise<number> {
    const found = await this.#offset(partition, { fromTimestamp: Math.max(0, Math.ceil(timeMs)) })
    const { next } = await this.range(partition)
    return found < 0 ? next : Math.min(found, next)
  }

  async #offset(partition: number, where: { fromBeginning: boolean } | { fromTimestamp: number }): Promise<number> {
    return this.#attempt('asking for offsets', async (cluster) => {
      await cluster.refreshMetadataIfNecessary()
      this.#known(cluster, partition)
      const [answer] = await cluster.fetchTopicsOffset([{ topic: this.topic, partitions: [{ partition }], ...where }])
      return Number(answer?.partitions[0]?.offset)
    })
  }

  /** What each of these positions holds now; waits a little for the first byte. Positions at the end bring nothing. */
  async fetch(positions: ReadonlyMap<number, number>): Promise<Delivery[]> {
    return this.#attempt('fetching', async (cluster) => {
      await cluster.refreshMetadataIfNecessary()
      const leaders = cluster.findLeaderForPartitions(this.topic, [...positions.keys()])
      const answers = await Promise.all(
        Object.entries(leaders).map(([nodeId, partitions]) => this.#fetchFrom(cluster, nodeId, partitions, positions)),
      )
      return answers.flat()
    })
  }

  async #fetchFrom(
    cluster: Cluster,
    nodeId: string,
    partitions: readonly number[],
    positions: ReadonlyMap<number, number>,
  ): Promise<Delivery[]> {
    const limits = this.#connection.limits
    const broker = await cluster.findBroker({ nodeId })
    const asked = partitions.map((partition) => ({
      partition: Number(partition),
      fetchOffset: String(positions.get(Number(partition)) ?? 0),
      maxBytes: limits.fetchPartitionBytesMax,
    }))
    const answer: FetchResponse = await broker.fetch({
      isolationLevel: 1,
      maxWaitTime: limits.fetchWaitMsMax,
      minBytes: 1,
      maxBytes: limits.fetchBytesMax,
      topics: [{ topic: this.topic, partitions: asked }],
      rackId: '',
    })
    const { Batch } = library()
    return answer.responses.flatMap((response) =>
      response.partitions.map((data) =>
        deliveryOf(new Batch(this.topic, String(positions.get(data.partition) ?? 0), data)),
      ),
    )
  }

  #known(cluster: Cluster, partition: number): void {
    const known = cluster.findTopicPartitionMetadata(this.topic)
    if (known.some((one) => one.partitionId === partition)) return
    throw new Failure(
      'topic-missing',
      `topic ${this.topic} has ${known.length} partitions, none is number ${partition}`,
    )
  }

  async #attempt<T>(doing: string, work: (cluster: Cluster) => Promise<T>): Promise<T> {
    for (let attempt = 1, delayMs = retryMs; ; attempt++, delayMs = Math.min(2 * delayMs, retryMsMax)) {
      const client = this.#connect()
      try {
        return await work((await client).cluster)
      } catch (thrown) {
        const type = errorType(thrown)
        const failure = this.#connection.failure(thrown, `${doing} of topic ${this.topic}`)
        this.#discard(client)
        const hopeless = thrown instanceof Failure || (type !== null && lasting.includes(type))
        if (this.#closed || hopeless || type?.endsWith('AUTHORIZATION_FAILED') || attempt >= attemptsMax) throw failure
        await wait(delayMs)
      }
    }
  }

  #connect(): Promise<Client> {
    if (this.#closed) return Promise.reject(new Failure('stopped', `reading of topic ${this.topic} was stopped`))
    this.#client ??= (async () => {
      const client = await this.#connection.cluster()
      try {
        await client.cluster.addMultipleTargetTopics([this.topic])
      } catch (thrown) {
        client.disconnect().catch(() => {})
        throw thrown
      }
      return client
    })()
    return this.#client
  }

  /** Whether a client that failed says goodbye is of no interest. */
  #discard(client: Promise<Client>): void {
    if (this.#client === client) this.#client = null
    client.then((made) => made.disconnect()).catch(() => {})
  }

  async close(): Promise<void> {
    this.#closed = true
    const client = this.#client
    this.#client = null
    await client?.then((made) => made.disconnect()).catch(() => {})
  }
}
