// Stock reader, in a process of its own: what unchanged kafkajs reads of a topic, as lines of JSON. It is the oracle for our
// reader, and must not share a process with it.
// argv: brokers, topic, records

import { createRequire } from 'node:module'
import type { Kafkajs } from '../../libs/bus/kafka/library.ts'
import { registerCodecs } from './codecs.ts'

const [brokers = '', topic = '', wanted = ''] = process.argv.slice(2)
const kafkajs: Kafkajs = createRequire(import.meta.url)('kafkajs')
registerCodecs(kafkajs)
const client = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING })
const consumer = client.consumer({ groupId: `stock-${process.pid}`, maxWaitTimeInMs: 100 })
const rows: string[] = []
const hex = (bytes: Buffer | null): string | null => bytes?.toString('hex') ?? null
await consumer.connect()
await consumer.subscribe({ topics: [topic], fromBeginning: true })
await new Promise<void>((resolve) => {
  consumer.run({
    eachBatch: async ({ batch }) => {
      for (const { offset, timestamp, key, value, headers } of batch.messages) {
        const pairs = Object.entries(headers ?? {}).map(([name, given]) => [name, hex(Buffer.from(String(given)))])
        rows.push(JSON.stringify([batch.partition, Number(offset), Number(timestamp), hex(key), hex(value), pairs]))
      }
      if (rows.length >= Number(wanted)) resolve()
    },
  })
})
process.stdout.write(JSON.stringify(rows), () => process.exit(0))
