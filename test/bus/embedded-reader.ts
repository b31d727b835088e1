// A worker thread that follows a topic of a log which the main thread owns, and posts every text that it sees.

import { parentPort, workerData } from 'node:worker_threads'
import { embedded } from '../../libs/bus/embedded/embedded.ts'
import { valueBytes } from '../../libs/core/records.ts'

const bus = await embedded({ dir: String(workerData), mode: 'read' })
const following = await bus.follow('input', (_, records) => {
  for (let i = 0; i < records.count; i++) parentPort?.postMessage(Buffer.from(valueBytes(records, i) ?? []).toString())
})
await following.caughtUp
parentPort?.postMessage('caught up')
parentPort?.once('message', async () => {
  await following.stop()
  await bus.close()
  parentPort?.close()
})
