// Settings of a test broker: a node of a KRaft cluster whose internal topics are small and whose sessions end soon.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

/** `ports` holds two for each node: clients', then controllers'. */
export function nodeSettings(
  id: number,
  ports: readonly number[],
  folder: string,
  extra: Readonly<Record<string, string>>,
): string {
  const count = ports.length / 2
  const replicas = String(Math.min(count, 3))
  const inSyncMin = String(Math.min(count, 2))
  const client = `PLAINTEXT://127.0.0.1:${ports[2 * id - 2]}`
  const voters = Array.from({ length: count }, (_, i) => `${i + 1}@127.0.0.1:${ports[2 * i + 1]}`)
  const settings: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    'controller.quorum.voters': voters.join(','),
    listeners: `${client},CONTROLLER://127.0.0.1:${ports[2 * id - 1]}`,
    'advertised.listeners': client,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSyncMin,
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSyncMin,
    'share.coordinator.state.topic.num.partitions': '1',
    'default.replication.factor': replicas,
    'min.insync.replicas': inSyncMin,
    'num.partitions': '4',
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '500',
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '2000',
    // A killed broker may register again only once its session is over.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    // Tests write records of long ago, which retention by time would delete half a minute after the start.
    'log.retention.ms': '-1',
    'log.index.size.max.bytes': '1048576',
    'log.cleaner.dedupe.buffer.size': '16777216',
    ...extra,
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

/** Kafka's text form of a UUID; one that begins with a dash would be taken for an option. */
export function clusterUuid(): string {
  for (;;) {
    const text = randomBytes(16).toString('base64url')
    if (!text.startsWith('-')) return text
  }
}
