// What goes wrong on a real broker: owners that are fenced, records that are gone, a broker that is killed, none at all.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Bus } from '../../libs/bus/bus.ts'
import { Connection } from '../../libs/bus/kafka/connection.ts'
import { kafka } from '../../libs/bus/kafka/kafka.ts'
import { limitsWith } from '../../libs/bus/kafka/limits.ts'
import { TransactionalProducer } from '../../libs/bus/kafka/transactional.ts'
import { Failure } from '../../libs/core/failure.ts'
import { ownCluster } from './broker.ts'
import { copier, copying, readTexts, Seen, textMessage } from './copying.ts'

const found = await ownCluster(1)
const skip = found.kind === 'none' ? found.reason : false
const options = { skip, timeout: 60_000 }
const brokers = found.kind === 'broker' ? found.brokers : []
const access = { brokers, clientId: 'faults' }
let bus: Bus
before(() => {
  if (found.kind === 'broker') bus = kafka(access)
})
after(async () => {
  await bus?.close()
  if (found.kind === 'broker') await found.stop()
})

const numbered = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `${from + i}`)

async function topics(stem: string, partitions = 1): Promise<[string, string]> {
  const names: [string, string] = [`${stem}-in`, `${stem}-out`]
  await bus.ensureTopics(names.map((topic) => ({ topic, partitions, cleanup: 'delete', retentionMs: null })))
  return names
}

async function deleteBefore(topic: string, offset: number): Promise<void> {
  const admin = await new Connection(access, limitsWith({})).admin()
  // It knows no topic before it was asked about it.
  await admin.fetchTopicOffsets(topic)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
  await admin.disconnect()
}

test('an owner that was fenced commits nothing, and what it had sent is never seen', options, async () => {
  const [input, output] = await topics('fenced')
  const connection = new Connection(access, limitsWith({}))
  const place = { group: 'fenced', topic: input, partition: 0 }
  const old = await TransactionalProducer.connect(connection, 'fenced.0', place)
  const open = await old.begin()
  await open.send(output, 0, [textMessage(output, 0, 'of the old owner')])
  await open.sendOffset(1)
  const young = await TransactionalProducer.connect(connection, 'fenced.0', place)
  await (await young.begin()).abort()
  await assert.rejects(open.commit(), { code: 'fenced' })
  await assert.rejects(old.begin().then((next) => next.send(output, 0, [textMessage(output, 0, 'again')])))
  const own = await young.begin()
  await own.send(output, 0, [textMessage(output, 0, 'of the new owner')])
  await own.commit()
  await bus.exclusively('fenced.0', async () => [])
  assert.deepEqual(await readTexts(bus, output, 0), ['of the new owner'])
  await Promise.all([old.discard(), young.discard()])
})

test('records deleted before they were read end the run, or are passed with a word', options, async () => {
  const [input, output] = await topics('lost')
  await bus.publish(numbered(0, 30).map((text) => textMessage(input, 0, text)))
  const first = new Seen()
  const running = await bus.run(copying(input, output, { on: first.on }))
  await first.until(() => first.committed(0) === 30)
  await running.stop()
  await bus.publish(numbered(30, 60).map((text) => textMessage(input, 0, text)))
  await deleteBefore(input, 40)
  const refused = await bus.run(copying(input, output))
  await assert.rejects(refused.ended, /offset 30 on were deleted|10 records/)
  const resuming = kafka({ ...access, offsetLost: 'resume' })
  const second = new Seen()
  const resumed = await resuming.run(copying(input, output, { on: second.on }))
  await second.until(() => second.committed(0) === 60)
  await resuming.close()
  await resumed.ended
  assert.ok(second.failures().includes('offset-lost'))
  assert.deepEqual(await readTexts(bus, output, 0), [...numbered(0, 30), ...numbered(40, 60)])
})

test('records deleted while a task waits are missed by nobody', options, async () => {
  const [input, output] = await topics('overtaken')
  await bus.publish(numbered(0, 30).map((text) => textMessage(input, 0, text)))
  let asked = 0
  const running = await bus.run(
    copying(input, output, {
      build: async ({ committed }) => ({ task: copier(output, 0, committed ?? 0, 5), position: committed ?? 0 }),
      resolve: async () => {
        if (asked++ === 0) {
          await deleteBefore(input, 20)
          throw new Failure('registry-unreachable', 'not yet')
        }
        return 'absent'
      },
    }),
  )
  await assert.rejects(running.ended, { code: 'offset-lost' })
  assert.deepEqual(await readTexts(bus, output, 0), numbered(0, 5))
})

/** Publishes to two partitions; what is refused while the broker is away is said again, so some may stand there twice. */
async function feed(input: string, total: number): Promise<void> {
  for (let at = 0; at < total; ) {
    const messages = numbered(at, at + 20).map((text) => textMessage(input, at % 40 === 0 ? 0 : 1, text))
    await bus.publish(messages).then(
      () => {
        at += 20
      },
      () => {},
    )
  }
}

test('a broker killed in mid-stream: every record once', options, async () => {
  assert.ok(found.kind === 'broker' && found.control !== null)
  const [input, output] = await topics('killed', 2)
  const total = 1_000
  const seen = new Seen()
  // The group gives a member up after its session; after a crash of its broker the client comes back as another member.
  const brief = kafka({ ...access, limits: { sessionTimeoutMs: 2_000, heartbeatMs: 500 } })
  const running = await brief.run(copying(input, output, { on: seen.on }))
  const feeding = feed(input, total)
  await seen.until(() => seen.committed(0) >= 100)
  await found.control.kill(1, 'SIGKILL')
  await found.control.start(1)
  await feeding
  for (const partition of [0, 1]) {
    const { next } = await bus.range(input, partition)
    await seen.until(() => seen.committed(partition) >= next)
  }
  await running.stop()
  await brief.close()
  for (const partition of [0, 1]) {
    const copied = await readTexts(bus, output, partition)
    assert.ok(copied.length >= total / 2)
    assert.deepEqual(copied, await readTexts(bus, input, partition))
  }
})

test('without a broker there is one clear failure that names the addresses', async () => {
  const nowhere = kafka({ brokers: ['127.0.0.1:1'], clientId: 'nowhere' })
  const failure = await nowhere.partitions('any').then(
    () => assert.fail('it should be rejected'),
    (thrown: unknown) => Failure.of(thrown, 'usage'),
  )
  assert.equal(failure.code, 'broker-unreachable')
  assert.match(failure.message, /127\.0\.0\.1:1/)
  await nowhere.close()
})
