// Topics: created where they are missing, with the settings their use needs, and refused where they contradict it.
// Owns no state.
// Invariants
//   T1 a topic that was created is known to the broker asked when `ensureTopics` resolves. The controller answers before the
//      brokers have heard of it, and kafkajs, told to wait for leaders, takes their not knowing it for a lasting error.

import { setTimeout as wait } from 'node:timers/promises'
import type { Admin, ITopicConfig } from 'kafkajs'
import { Failure } from '../../core/failure.ts'
import type { TopicSettings } from '../bus.ts'
import { errorType } from './failure.ts'
import { library } from './library.ts'
import { compactedTopic } from './limits.ts'

const knownMsMax = 30_000
const askMs = 100

/** The part of kafkajs' admin that is used here. */
export type TopicAdmin = Pick<Admin, 'listTopics' | 'createTopics' | 'fetchTopicMetadata' | 'describeConfigs'>

export async function ensureTopics(admin: TopicAdmin, wanted: readonly TopicSettings[]): Promise<void> {
  const known = new Set(await admin.listTopics())
  const missing = wanted.filter((settings) => !known.has(settings.topic))
  if (missing.length > 0) await create(admin, missing)
  const existing = wanted.filter((settings) => known.has(settings.topic))
  if (existing.length > 0) await check(admin, existing)
}

async function create(admin: TopicAdmin, topics: readonly TopicSettings[]): Promise<void> {
  try {
    await admin.createTopics({ waitForLeaders: false, topics: topics.map(topicConfig) })
  } catch (thrown) {
    // Another process may have created it in the same moment; then it is there, with the same settings or checked next time.
    if (errorType(thrown) !== 'TOPIC_ALREADY_EXISTS') throw thrown
  }
  for (let waitedMs = 0; ; waitedMs += askMs) {
    const known = new Set(await admin.listTopics())
    const unknown = topics.filter(({ topic }) => !known.has(topic))
    if (unknown.length === 0) return
    if (waitedMs >= knownMsMax) {
      const names = unknown.map(({ topic }) => topic).join(', ')
      throw new Failure('timeout', `${names}: created, but not known to the broker after ${knownMsMax / 1000} s`)
    }
    await wait(askMs)
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
async function check(admin: TopicAdmin, wanted: readonly TopicSettings[]): Promise<void> {
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
async function cleanupPolicies(admin: TopicAdmin, wanted: readonly TopicSettings[]): Promise<Map<string, string>> {
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
