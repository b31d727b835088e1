// Publishing more than one request holds: all of it or nothing, and each message where the answer says.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { kafka } from '../../libs/bus/kafka/kafka.ts'
import { findBroker } from './broker.ts'
import { readTexts, textMessage } from './copying.ts'

const found = await findBroker()
const skip = found.kind === 'none' ? found.reason : false
after(() => (found.kind === 'broker' ? found.stop() : undefined))

test('more than a request holds is published together, or not at all', { skip, timeout: 60_000 }, async () => {
  assert.ok(found.kind === 'broker')
  const topic = `large-${process.pid}`
  const bus = kafka({ brokers: found.brokers, clientId: 'large' })
  await bus.ensureTopics([{ topic, partitions: 2, cleanup: 'delete', retentionMs: null }])
  const texts = Array.from({ length: 5_000 }, (_, i) => `${i} ${'x'.repeat(300)}`)
  const published = await bus.publish(texts.map((text, i) => textMessage(topic, i % 2, text)))
  const read = await Promise.all([0, 1].map((partition) => readTexts(bus, topic, partition)))
  for (const [i, { partition, offset }] of published.entries()) assert.equal(read[partition]?.[offset], texts[i])
  const tooLarge = textMessage(topic, 0, 'y'.repeat(2_000_000))
  await assert.rejects(bus.publish([...texts.map((text) => textMessage(topic, 0, text)), tooLarge]))
  const [after] = await bus.publish([textMessage(topic, 0, 'after')])
  assert.ok(after !== undefined)
  // What was aborted ends for readers once the broker has marked it.
  while ((await bus.range(topic, 0)).next <= after.offset) {}
  assert.deepEqual((await readTexts(bus, topic, 0)).length, texts.length / 2 + 1)
  await bus.close()
})
