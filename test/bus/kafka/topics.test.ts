// A topic that the controller has created is not yet known to every broker: what is ensured is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ensureTopics, type TopicAdmin } from '../../../libs/bus/kafka/topics.ts'

test('T1 creating ends once the broker knows every topic', async () => {
  const answers = [['other'], ['other'], ['other', 'a'], ['other', 'a', 'b']]
  const created: string[] = []
  const admin: TopicAdmin = {
    listTopics: async () => answers.shift() ?? [],
    createTopics: async ({ topics, waitForLeaders }) => {
      assert.equal(waitForLeaders, false, 'kafkajs would end with UNKNOWN_TOPIC_OR_PARTITION')
      created.push(...topics.map(({ topic }) => topic))
      return true
    },
    fetchTopicMetadata: () => Promise.reject(new Error('nothing existed')),
    describeConfigs: () => Promise.reject(new Error('nothing existed')),
  }
  const made = ['a', 'b'].map((topic) => ({ topic, partitions: 1, cleanup: 'delete', retentionMs: null }) as const)
  await ensureTopics(admin, made)
  assert.deepEqual(created, ['a', 'b'])
  assert.equal(answers.length, 0, 'asked until both were known')
})
