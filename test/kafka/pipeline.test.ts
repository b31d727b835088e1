// The main job on a real Kafka, found or started.

import test from 'node:test'
import { findBroker } from './broker.ts'
import { pipeline } from './pipeline.ts'

test('records of kcat are judged, aborted ones are not, kcat and fastavro read the alerts', async (t) => {
  const broker = await findBroker()
  if (broker.kind === 'none') return t.skip(broker.reason)
  t.after(() => broker.stop())
  await pipeline(t, broker)
})
