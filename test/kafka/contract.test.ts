// The bus contract on a real broker.

import { after, test } from 'node:test'
import { kafka } from '../../libs/bus/kafka/kafka.ts'
import { busContract } from '../contract/bus.ts'
import { findBroker } from './broker.ts'

const found = await findBroker()

if (found.kind === 'none') {
  test('the bus contract on Kafka', { skip: found.reason })
} else {
  after(() => found.stop())
  // Names must be new on a broker that is shared.
  const prefix = `contract-${Date.now().toString(36)}-${process.pid}`
  const open = async () => {
    const bus = kafka({ brokers: found.brokers, clientId: 'contract' })
    return { bus, settle: <T>(promise: Promise<T>): Promise<T> => promise, close: () => bus.close() }
  }
  busContract('kafka', { open, prefix, timeoutMs: 60_000 })
}
