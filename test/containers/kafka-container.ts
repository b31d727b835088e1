// Kafka as testcontainers' own KafkaContainer starts it: its start script, its listeners, its wait.

import type { Engine, NoEngine } from './engine.ts'
import { image } from './images.ts'

const IMAGE = 'confluentinc/cp-kafka:8.0.0'

export interface KafkaInContainer {
  readonly kind: 'broker'
  readonly brokers: readonly string[]
  readonly origin: string
  readonly startedMs: number
  stop(): Promise<void>
}

export async function kafkaContainer(engine: Engine): Promise<KafkaInContainer | NoEngine> {
  const from = await image(engine, IMAGE)
  if (from.kind === 'none') return from
  // Read by testcontainers when it is loaded, hence not before.
  Object.assign(process.env, engine.environment)
  const { KafkaContainer } = await import('@testcontainers/kafka')
  const beganMs = performance.now()
  const container = await new KafkaContainer(IMAGE)
    .withEnvironment({
      // The container sets these for the offsets, not for transactions: one broker holds one copy.
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    })
    .start()
  return {
    kind: 'broker',
    brokers: [`${container.getHost()}:${container.getMappedPort(9093)}`],
    origin: `${IMAGE}, ${from.origin}`,
    startedMs: performance.now() - beganMs,
    stop: async () => {
      await container.stop()
    },
  }
}
