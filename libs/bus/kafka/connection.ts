// Connection: one set of brokers and how to reach them, from which every client of the adapter is made. Clients are made
// for one purpose and thrown away after a failure: kafkajs goes on using dead connections after a timeout, and one
// deleted topic spoils the metadata of a client that knows several.

import type { ConnectionOptions } from 'node:tls'
import type { Admin, Cluster, Consumer, ConsumerConfig, Kafka, Producer, SASLOptions } from 'kafkajs'
import type { Failure } from '../../core/failure.ts'
import { kafkaFailure } from './failure.ts'
import { library } from './library.ts'
import { briefRetry, type KafkaLimits, steadyRetry } from './limits.ts'

export interface Access {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly sasl?: SASLOptions
  readonly ssl?: ConnectionOptions | boolean
}

export class Connection {
  readonly limits: KafkaLimits
  readonly #access: Access
  /** For first contacts, which should fail within seconds. */
  readonly #brief: Kafka
  readonly #steady: Kafka

  constructor(access: Access, limits: KafkaLimits) {
    this.#access = access
    this.limits = limits
    this.#brief = this.#client(briefRetry)
    this.#steady = this.#client(steadyRetry)
  }

  #client(retry: typeof steadyRetry): Kafka {
    const { Kafka, logLevel } = library().kafkajs
    const { sasl, ssl } = this.#access
    return new Kafka({
      brokers: [...this.#access.brokers],
      clientId: this.#access.clientId,
      connectionTimeout: this.limits.connectionTimeoutMs,
      requestTimeout: this.limits.requestTimeoutMs,
      logLevel: logLevel.NOTHING,
      retry,
      ...(sasl === undefined ? {} : { sasl }),
      ...(ssl === undefined ? {} : { ssl }),
    })
  }

  failure(thrown: unknown, doing: string): Failure {
    return kafkaFailure(thrown, doing, this.#access.brokers)
  }

  async admin(): Promise<Admin> {
    const admin = this.#brief.admin()
    await this.#connected(() => admin.connect(), 'connecting')
    return admin
  }

  /**
   * A producer that writes nothing twice and nothing out of order, in transactions where it is given an id. It is good
   * until its first rejection: kafkajs then uses a sequence number again, and the broker takes the next message for a
   * duplicate.
   */
  async producer(transactionalId: string | null): Promise<Producer> {
    const producer = this.#steady.producer({
      allowAutoTopicCreation: false,
      idempotent: true,
      maxInFlightRequests: 1,
      retry: steadyRetry,
      // Every message names its partition.
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
      ...(transactionalId === null ? {} : { transactionalId, transactionTimeout: this.limits.transactionTimeoutMs }),
    })
    await this.#connected(() => producer.connect(), 'connecting')
    return producer
  }

  consumer(group: string, retry: NonNullable<ConsumerConfig['retry']>, more: Partial<ConsumerConfig> = {}): Consumer {
    // A client of its own, since kafkajs keeps committed offsets per client and group.
    return this.#client(steadyRetry).consumer({
      groupId: group,
      allowAutoTopicCreation: false,
      readUncommitted: false,
      sessionTimeout: this.limits.sessionTimeoutMs,
      heartbeatInterval: this.limits.heartbeatMs,
      rebalanceTimeout: this.limits.rebalanceTimeoutMs,
      maxBytesPerPartition: this.limits.fetchPartitionBytesMax,
      maxBytes: this.limits.fetchBytesMax,
      maxWaitTimeInMs: this.limits.fetchWaitMsMax,
      metadataMaxAge: this.limits.metadataMsMax,
      retry,
      ...more,
    })
  }

  /**
   * The cluster behind a consumer that never joins a group, for reading by position. kafkajs gives it to partition
   * assigners, and to nobody else.
   */
  async cluster(): Promise<{ cluster: Cluster; disconnect: () => Promise<void> }> {
    const captured: Cluster[] = []
    const consumer = this.#brief.consumer({
      groupId: 'none',
      metadataMaxAge: this.limits.metadataMsMax,
      allowAutoTopicCreation: false,
      readUncommitted: false,
      partitionAssigners: [
        (config) => {
          captured.push(config.cluster)
          return {
            name: 'none',
            version: 0,
            assign: async () => [],
            protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
          }
        },
      ],
    })
    await this.#connected(() => consumer.connect(), 'connecting')
    const [cluster] = captured
    if (cluster === undefined) throw new Error('kafkajs made a consumer without asking for its assigners')
    return { cluster, disconnect: () => consumer.disconnect() }
  }

  async #connected(connect: () => Promise<void>, doing: string): Promise<void> {
    try {
      await connect()
    } catch (thrown) {
      throw this.failure(thrown, doing)
    }
  }
}
