// Our record-batch reader against the client's own, on a real broker: the same records over codecs, null keys and values,
// headers, interleaved committed and aborted transactions, and several fetch sizes.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import type { Kafka, Message, Producer } from 'kafkajs'
import type { Bus } from '../../libs/bus/bus.ts'
import { kafka } from '../../libs/bus/kafka/kafka.ts'
import { library } from '../../libs/bus/kafka/library.ts'
import { Random } from '../../libs/core/random.ts'
import { headersOf, keyBytes, valueBytes } from '../../libs/core/records.ts'
import { findBroker } from './broker.ts'
import { registerCodecs } from './codecs.ts'
import { jars } from './jars.ts'

const run = promisify(execFile)
const topic = 'mixed'
const partitions = 2
const rounds = 8
const seed = Number(process.env['PLUMBLINE_SEED'] ?? 11)

const found = await findBroker()
const skip = found.kind === 'none' ? found.reason : false

after(() => (found.kind === 'broker' ? found.stop() : undefined))

const hex = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString('hex'))

async function rowsOf(bus: Bus): Promise<string[]> {
  const rows: string[] = []
  for (let partition = 0; partition < partitions; partition++) {
    const { first, next } = await bus.range(topic, partition)
    for await (const records of bus.read(topic, partition, first, next)) {
      for (let i = 0; i < records.count; i++) {
        const pairs = headersOf(records, i).map(([name, value]) => [name, hex(value)])
        const [offset, timestampMs] = [records.offsets[i], records.timestampsMs[i]]
        const [key, value] = [hex(keyBytes(records, i)), hex(valueBytes(records, i))]
        rows.push(JSON.stringify([partition, offset, timestampMs, key, value, pairs]))
      }
    }
  }
  return rows
}

/** Fills the topic; answers how many records a read_committed reader sees. */
async function fill(client: Kafka, random: Random): Promise<number> {
  const messages = (tag: string, count: number): Message[] =>
    Array.from({ length: count }, (_, i) => ({
      partition: i % partitions,
      key: random.uniform() < 0.2 ? null : `key ${i}`,
      value: random.uniform() < 0.1 ? null : `${tag} ${'v'.repeat(300 * random.uniform())}`,
      timestamp: String(1_700_000_000_000 + Math.floor(1e9 * random.uniform())),
      ...(random.uniform() < 0.5 ? {} : { headers: { h: 'x'.repeat(1 + 70 * random.uniform()), '\u00e4': '\u20ac' } }),
    }))
  const plain = client.producer()
  await plain.connect()
  const [first, second] = await Promise.all(['t1', 't2'].map((id) => transactional(client, id)))
  assert.ok(first !== undefined && second !== undefined)
  let visible = 0
  for (let round = 0; round < rounds; round++) {
    for (const compression of [0, 1, 2, 3]) await plain.send({ topic, compression, messages: messages('plain', 40) })
    const [kept, dropped] = [await first.transaction(), await second.transaction()]
    await kept.send({ topic, compression: round % 4, messages: messages('kept', 30) })
    await dropped.send({ topic, messages: messages('ABORTED', 30) })
    await kept.send({ topic, messages: messages('kept too', 6) })
    if (round % 2 === 0) await dropped.abort()
    await kept.commit()
    if (round % 2 === 1) await dropped.abort()
    visible += 4 * 40 + 36
  }
  await Promise.all([plain, first, second].map((producer) => producer.disconnect()))
  return visible
}

async function transactional(client: Kafka, transactionalId: string): Promise<Producer> {
  const retry = { initialRetryTime: 15, retries: 15 }
  const producer = client.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1, retry })
  await producer.connect()
  return producer
}

/** Kafka's own producer frames snappy and lz4 in its own way. */
async function fillByJava(brokers: readonly string[], codec: string, records: number): Promise<number> {
  const from = await jars()
  if (typeof from === 'string') return 0
  const size = ['--topic', topic, '--num-records', String(records), '--record-size', '200', '--throughput', '-1']
  const properties = [`bootstrap.servers=${brokers.join(',')}`, `compression.type=${codec}`, 'linger.ms=10']
  const producer = ['-XX:TieredStopAtLevel=1', '-cp', from.classPath, 'org.apache.kafka.tools.ProducerPerformance']
  await run('java', [...producer, ...size, '--producer-props', ...properties])
  return records
}

test('every record equals what the stock reader reads', { skip }, async (t) => {
  assert.ok(found.kind === 'broker')
  t.diagnostic(`seed ${seed}`)
  const { kafkajs } = library()
  registerCodecs(kafkajs)
  const client = new kafkajs.Kafka({ brokers: [...found.brokers], logLevel: kafkajs.logLevel.NOTHING })
  const options = { brokers: found.brokers, clientId: 'reader' }
  const bus = kafka(options)
  await bus.ensureTopics([{ topic, partitions, cleanup: 'delete', retentionMs: null }])
  let visible = await fill(client, new Random(seed))
  for (const codec of ['lz4', 'gzip']) visible += await fillByJava(found.brokers, codec, 600)
  await bus.close()
  const reader = [join(import.meta.dirname, 'stock-reader.js'), found.brokers.join(','), topic, String(visible)]
  const { stdout } = await run(process.execPath, reader, { maxBuffer: 1 << 28 })
  const expected: string[] = JSON.parse(stdout)
  assert.equal(expected.length, visible)
  for (const fetchPartitionBytesMax of [3_000, 20_000, 1 << 20]) {
    const small = kafka({ ...options, limits: { fetchPartitionBytesMax } })
    assert.deepEqual((await rowsOf(small)).sort(), expected.sort(), `fetches of ${fetchPartitionBytesMax} bytes`)
    await small.close()
  }
})
