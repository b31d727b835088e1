// Failure of Kafka: what kafkajs throws, as our Failure with a code and what to do. The only place that knows kafkajs'
// error names and the protocol's error types.

import { Failure } from '../../core/failure.ts'

const unreachable = [
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
]
const fenced = [
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
  'TRANSACTION_COORDINATOR_FENCED',
]

/** Answers that change by themselves: a coordinator starts or moves, a leader is elected, a transaction is being ended. */
const passing = [
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'CONCURRENT_TRANSACTIONS',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
  'BROKER_NOT_AVAILABLE',
  'NOT_ENOUGH_REPLICAS',
  'REQUEST_TIMED_OUT',
  'NETWORK_EXCEPTION',
]

/** Words of answers that stay until somebody changes a setting. */
const refusals = [
  'CONFIG',
  'POLICY',
  'TOO_LARGE',
  'UNSUPPORTED',
  'REPLICATION_FACTOR',
  'INVALID_PARTITIONS',
  'SASL',
  'SECURITY',
]

/** Whether the broker refused for a reason that passes, so that asking again is right and safe. */
export function refusedForNow(thrown: unknown): boolean {
  const type = errorType(thrown)
  return type !== null && passing.includes(type)
}

/** The errors from the outermost to the first cause: kafkajs wraps what happened in what it tried. */
function chain(thrown: unknown): Error[] {
  const errors: Error[] = []
  for (let error = thrown; error instanceof Error && errors.length < 10; error = error.cause) {
    errors.push(error)
    if ('errors' in error && Array.isArray(error.errors) && error.cause === undefined) {
      const [first] = error.errors
      if (first instanceof Error) error.cause = first
    }
  }
  return errors
}

/** The protocol's name of an error (`UNKNOWN_TOPIC_OR_PARTITION`), or null where the broker did not answer with one. */
export function errorType(thrown: unknown): string | null {
  for (const error of chain(thrown)) {
    if ('type' in error && typeof error.type === 'string') return error.type
  }
  return null
}

/** `doing` completes "while …"; `brokers` are named when none of them answers. */
export function kafkaFailure(thrown: unknown, doing: string, brokers: readonly string[]): Failure {
  if (thrown instanceof Failure) return thrown
  const errors = chain(thrown)
  const text = errors.at(-1)?.message ?? String(thrown)
  const said = `${doing}: ${text}`
  const type = errorType(thrown)
  if (type !== null) return byType(type, said, thrown)
  if (errors.some((error) => error.name === 'KafkaJSSASLAuthenticationError')) {
    return new Failure('broker-refused', `${said}; check mechanism, user and password`, thrown)
  }
  if (errors.some((error) => error.name === 'KafkaJSRequestTimeoutError' || error.name === 'KafkaJSTimeout')) {
    return new Failure('timeout', `${said}; the broker is slow or gone`, thrown)
  }
  if (errors.some((error) => unreachable.includes(error.name))) {
    const remedy = 'is Kafka running there, and does it advertise an address that can be reached from here?'
    return new Failure('broker-unreachable', `no broker answers at ${brokers.join(', ')} (${said}); ${remedy}`, thrown)
  }
  if (errors.some((error) => error.name.includes('MetadataNotLoaded'))) {
    return new Failure('topic-missing', `${said}; create the topic, or correct its name`, thrown)
  }
  return new Failure('broker-unreachable', `${said}; it is tried again`, thrown)
}

function byType(type: string, said: string, cause: unknown): Failure {
  if (fenced.includes(type)) return new Failure('fenced', `${said}; another process has taken this over`, cause)
  if (passing.includes(type)) return new Failure('timeout', `${said}; the broker is not ready (${type})`, cause)
  if (type.endsWith('AUTHORIZATION_FAILED')) {
    const resource = type.replace('_AUTHORIZATION_FAILED', '').toLowerCase().replaceAll('_', ' ')
    return new Failure('broker-refused', `${said}; grant this user the permission on the ${resource}`, cause)
  }
  switch (type) {
    case 'UNKNOWN_TOPIC_OR_PARTITION':
    case 'INVALID_TOPIC_EXCEPTION':
      return new Failure('topic-missing', `${said}; create the topic, or correct its name`, cause)
    case 'OFFSET_OUT_OF_RANGE':
      return new Failure('offset-lost', `${said}; the log does not hold this offset any more`, cause)
    case 'INVALID_TRANSACTION_TIMEOUT':
      return new Failure('broker-refused', `${said}; raise the broker's transaction.max.timeout.ms`, cause)
    case 'INVALID_TIMESTAMP':
      return new Failure('broker-refused', `${said}; the topic refuses timestamps so far from now`, cause)
    case 'SASL_AUTHENTICATION_FAILED':
      return new Failure('broker-refused', `${said}; check mechanism, user and password`, cause)
    default:
      if (refusals.some((word) => type.includes(word))) return new Failure('broker-refused', `${said} (${type})`, cause)
      return new Failure('broker-unreachable', `${said} (${type}); it is tried again`, cause)
  }
}
