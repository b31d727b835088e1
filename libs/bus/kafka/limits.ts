// Limits: every size, wait and interval of the Kafka adapter, by name. What a deployment may want otherwise is given to
// `kafka()`; the relations between them are asserted there.

import assert from 'node:assert/strict'

export interface KafkaLimits {
  /** Bytes of one partition in one fetch. Fewer, larger fetches cost less; four partitions make 8 MiB a fetch. */
  readonly fetchPartitionBytesMax: number
  readonly fetchBytesMax: number
  /** How long a fetch waits for the first byte. It also delays stopping, and resuming a paused partition. */
  readonly fetchWaitMsMax: number
  readonly sessionTimeoutMs: number
  readonly heartbeatMs: number
  readonly rebalanceTimeoutMs: number
  /**
   * How old the knowledge of leaders may grow. A partition whose leader has moved is fetched by nobody until it is
   * renewed: kafkajs stops asking the broker that is gone, and asks no other.
   */
  readonly metadataMsMax: number
  readonly connectionTimeoutMs: number
  readonly requestTimeoutMs: number
  /** The broker aborts a transaction that is open for longer. */
  readonly transactionTimeoutMs: number
  /** Our own deadline for a commit: past it the outcome counts as unknown. */
  readonly commitTimeoutMs: number
  /** Bytes of messages in one produce request. */
  readonly produceBytesMax: number
}

export const kafkaLimits: KafkaLimits = {
  fetchPartitionBytesMax: 2 * 1024 * 1024,
  fetchBytesMax: 16 * 1024 * 1024,
  fetchWaitMsMax: 100,
  sessionTimeoutMs: 10_000,
  heartbeatMs: 2_000,
  rebalanceTimeoutMs: 30_000,
  metadataMsMax: 5_000,
  connectionTimeoutMs: 3_000,
  requestTimeoutMs: 15_000,
  transactionTimeoutMs: 45_000,
  commitTimeoutMs: 30_000,
  produceBytesMax: 900_000,
}

/** Asked again and again: a broker that restarts or moves a coordinator takes some seconds. */
export const steadyRetry = { initialRetryTime: 15, multiplier: 1.5, retries: 15, maxRetryTime: 1_000 }
/** Asked a few times only: a first contact that fails should say so within seconds. */
export const briefRetry = { initialRetryTime: 50, multiplier: 2, retries: 5, maxRetryTime: 1_000 }

/** Internal topics that are read back at every start: compacted soon, in small segments, so that reading them stays short. */
export const compactedTopic = {
  'cleanup.policy': 'compact',
  'segment.bytes': String(16 * 1024 * 1024),
  'segment.ms': String(10 * 60_000),
  'max.compaction.lag.ms': String(10 * 60_000),
  'min.cleanable.dirty.ratio': '0.1',
} as const

export function limitsWith(given: Partial<KafkaLimits>): KafkaLimits {
  const limits = { ...kafkaLimits, ...given }
  assert.ok(limits.heartbeatMs * 3 <= limits.sessionTimeoutMs, 'three heartbeats must fit into a session')
  assert.ok(limits.commitTimeoutMs < limits.transactionTimeoutMs, 'we must give a commit up before the broker does')
  assert.ok(limits.fetchWaitMsMax < limits.requestTimeoutMs, 'a fetch must answer before its request times out')
  return limits
}
