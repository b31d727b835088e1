// What a user may not do is said at once, with what to grant: kafkajs by itself goes on in silence without its group.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Connection } from '../../libs/bus/kafka/connection.ts'
import { kafka } from '../../libs/bus/kafka/kafka.ts'
import { library } from '../../libs/bus/kafka/library.ts'
import { limitsWith } from '../../libs/bus/kafka/limits.ts'
import type { Failure } from '../../libs/core/failure.ts'
import { ownCluster } from './broker.ts'
import { copying } from './copying.ts'

const found = await ownCluster(1, {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'allow.everyone.if.no.acl.found': 'true',
})
const skip = found.kind === 'none' ? found.reason : false
after(() => (found.kind === 'broker' ? found.stop() : undefined))

test('a missing permission on group, topic or transactional id ends with what to grant', {
  skip,
  timeout: 90_000,
}, async () => {
  assert.ok(found.kind === 'broker')
  const access = { brokers: found.brokers, clientId: 'permission' }
  const bus = kafka(access)
  const topics = ['open', 'secret', 'out'] as const
  await bus.ensureTopics(topics.map((topic) => ({ topic, partitions: 1, cleanup: 'delete', retentionMs: null })))
  await deny(access, [
    ['TOPIC', 'secret'],
    ['GROUP', 'no-group'],
    ['TRANSACTIONAL_ID', 'no-id.open.0'],
  ])
  const refused = (what: RegExp) => (thrown: Failure) => thrown.code === 'broker-refused' && what.test(thrown.message)
  await assert.rejects(bus.partitions('secret'), refused(/permission on the topic/))
  const ofGroup = await bus.run(copying('open', 'out', { group: 'no-group' }))
  await assert.rejects(ofGroup.ended, refused(/permission on the group/))
  const ofId = await bus.run(copying('open', 'out', { group: 'no-id' }))
  await assert.rejects(ofId.ended, refused(/permission on the transactional id/))
  await bus.close()
})

async function deny(
  access: { readonly brokers: readonly string[]; readonly clientId: string },
  resources: readonly (readonly ['TOPIC' | 'GROUP' | 'TRANSACTIONAL_ID', string])[],
): Promise<void> {
  const { kafkajs } = library()
  const admin = await new Connection(access, limitsWith({})).admin()
  await admin.createAcls({
    acl: resources.map(([kind, resourceName]) => ({
      resourceType: kafkajs.AclResourceTypes[kind],
      resourceName,
      resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
      principal: 'User:ANONYMOUS',
      host: '*',
      operation: kafkajs.AclOperationTypes.ALL,
      permissionType: kafkajs.AclPermissionTypes.DENY,
    })),
  })
  const any = {
    resourceType: kafkajs.AclResourceTypes.ANY,
    resourcePatternType: kafkajs.ResourcePatternTypes.ANY,
    operation: kafkajs.AclOperationTypes.ANY,
    permissionType: kafkajs.AclPermissionTypes.ANY,
  }
  // The broker answers before it applies them.
  while ((await admin.describeAcls(any)).resources.length < resources.length) {}
  await admin.disconnect()
}
