// Topics: created where they are missing, with the settings their use needs, and refused where they contradict it.
// Owns no state.

import type { Admin, ITopicConfig } from 'kafkajs'
import { Failure } from '../../core/failure.ts'
import type { TopicSettings } from '../bus.ts'
import { errorType } from './failure.ts'
import { library } from './library.ts'
import { compactedTopic } from './limits.ts'

export async function ensureTopics(admin: Admin, wanted: readonly TopicSettings[]): Promise<void> {
  const known = new Set(await admin.listTopics())
  const missing = wanted.filter((settings) => !known.has(settings.topic))
  if (missing.length > 0) await create(admin, missing)
  const existing = wanted.filter((settings) => known.has(settings.topic))
  if (existing.length > 0) await check(admin, existing)
}

async function create(admin: Admin, topics: readonly TopicSettings[]): Promise<void> {
  try {
    await admin.createTopics({ waitForLeaders: true, topics: topics.map(topicConfig) })
  } catch (thrown) {
    // Another process may have created it in the same moment; then it is there, with the same settings or checked next time.
    if (errorType(thrown) !== 'TOPIC_ALREADY_EXISTS') throw thrown
  }
}

function topicConfig(settings: TopicSettings): ITopicConfig {
  const config: Record<string, string> =
    settings.cleanup === 'compact' ? { ...compactedTopic } : { 'cleanup.policy': 'delete' }
  if (settings.timestamps === 'append') config['message.timestamp.type'] = 'LogAppendTime'
  if (settings.retentionMs !== null) config['retention.ms'] = String(settings.retentionMs)
  return {
    topic: settings.topic,
    numPartitions: settings.partitions,
    // The broker's default.
    replicationFactor: -1,
    configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
  }
}

/** All faults at once, each with what to do. */
async function check(admin: Admin, wanted: readonly TopicSettings[]): Promise<void> {
  const { topics } = await admin.fetchTopicMetadata({ topics: wanted.map((settings) => settings.topic) })
  const policies = await cleanupPolicies(admin, wanted)
  const faults: string[] = []
  for (const { topic, partitions, cleanup } of wanted) {
    const found = topics.find((one) => one.name === topic)?.partitions.length ?? 0
    if (found < partitions) {
      faults.push(`topic ${topic} has ${found} partitions, ${partitions} are needed: add partitions to it`)
    }
    const policy = policies.get(topic)
    if (policy !== undefined && cleanup === 'compact' && !policy.includes('compact')) {
      faults.push(`topic ${topic} has cleanup.policy=${policy}, compact is needed: its old records would be deleted`)
    }
    if (policy !== undefined && cleanup === 'delete' && policy.includes('compact')) {
      faults.push(
        `topic ${topic} has cleanup.policy=${policy}, delete is needed: records with the same key would vanish`,
      )
    }
  }
  if (faults.length > 0) throw new Failure('topic-mismatch', faults.join('; '))
}

/** Empty where this user may not read settings: that is no reason to stop. */
async function cleanupPolicies(admin: Admin, wanted: readonly TopicSettings[]): Promise<Map<string, string>> {
  const type = library().kafkajs.ConfigResourceTypes.TOPIC
  const configNames = ['cleanup.policy']
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: wanted.map(({ topic }) => ({ type, name: topic, configNames })),
    })
    return new Map(
      resources.map((resource) => [
        resource.resourceName,
        resource.configEntries.find((entry) => entry.configName === 'cleanup.policy')?.configValue ?? '',
      ]),
    )
  } catch (thrown) {
    if (errorType(thrown)?.endsWith('AUTHORIZATION_FAILED')) return new Map()
    throw thrown
  }
}
