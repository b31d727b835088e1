// Broker: where the tests' Kafka comes from. In order: KAFKA_BROKERS; a Docker-compatible socket, by testcontainers;
// Apache Kafka from its jars, with java and mvn; else there is none, and the reason is said. With
// PLUMBLINE_REQUIRE_KAFKA=1 having none is an error, so that no run is green for want of a broker.

import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { cluster } from './cluster.ts'
import { jars, kafkaVersion } from './jars.ts'

export interface Broker {
  readonly kind: 'broker'
  readonly brokers: readonly string[]
  /** What it is and where it came from, for the test's report. */
  readonly origin: string
  /** Killing and starting again; null where the broker is not ours. Ids count from 1. */
  readonly control: {
    start(id: number): Promise<void>
    kill(id: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  } | null
  stop(): Promise<void>
}

export interface NoBroker {
  readonly kind: 'none'
  readonly reason: string
}

/** Any broker will do. */
export async function findBroker(): Promise<Broker | NoBroker> {
  const named = process.env['KAFKA_BROKERS']
  if (named !== undefined && named !== '') {
    const brokers = named.split(',')
    return { kind: 'broker', brokers, origin: `KAFKA_BROKERS=${named}`, control: null, stop: async () => {} }
  }
  const reasons: string[] = []
  if (containerSocket()) {
    const found = await inContainer()
    if (found.kind === 'broker') return found
    reasons.push(found.reason)
  } else reasons.push('there is no container socket')
  const found = await ownCluster(1)
  if (found.kind === 'broker') return found
  return none([...reasons, found.reason])
}

/** Brokers that the test may kill, with settings of its own; these come from jars only. */
export async function ownCluster(
  count: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<Broker | NoBroker> {
  const from = await jars()
  if (typeof from === 'string') return none([from])
  const running = await cluster(from, count, settings)
  return {
    kind: 'broker',
    brokers: running.brokers,
    origin: `Apache Kafka ${kafkaVersion} from jars, ${count} broker${count > 1 ? 's' : ''}`,
    control: running,
    stop: running.stop,
  }
}

function none(reasons: readonly string[]): NoBroker {
  const reason = `no Kafka for this test: KAFKA_BROKERS is not set; ${reasons.join('; ')}`
  if (process.env['PLUMBLINE_REQUIRE_KAFKA'] === '1') throw new Error(reason)
  return { kind: 'none', reason }
}

function containerSocket(): boolean {
  const runtime = process.env['XDG_RUNTIME_DIR']
  const places = ['/var/run/docker.sock', join(homedir(), '.docker/run/docker.sock')]
  if (runtime !== undefined) places.push(join(runtime, 'docker.sock'))
  return process.env['DOCKER_HOST'] !== undefined || places.some((place) => existsSync(place))
}

async function inContainer(): Promise<Broker | NoBroker> {
  const image = process.env['PLUMBLINE_KAFKA_IMAGE'] ?? `apache/kafka:${kafkaVersion}`
  try {
    const { GenericContainer, Wait } = await import('testcontainers')
    // The broker must advertise the port that the outside sees, so the mapping is chosen before the start.
    const port = 20_000 + (process.pid % 10_000)
    const container = await new GenericContainer(image)
      .withExposedPorts({ container: 9092, host: port })
      .withEnvironment({
        KAFKA_PROCESS_ROLES: 'broker,controller',
        KAFKA_NODE_ID: '1',
        KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
        KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
        KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://localhost:${port}`,
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
        KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
        KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
        KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
        KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
        KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
        KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
        KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '500',
        KAFKA_LOG_RETENTION_MS: '-1',
        KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      })
      .withWaitStrategy(Wait.forListeningPorts())
      .start()
    return {
      kind: 'broker',
      brokers: [`${container.getHost()}:${port}`],
      origin: `${image} in a container`,
      control: null,
      stop: async () => {
        await container.stop()
      },
    }
  } catch (error) {
    return { kind: 'none', reason: `${image} could not be started: ${error instanceof Error ? error.message : error}` }
  }
}
