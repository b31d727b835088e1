// Worker: the thread that a training runs in. Opens the log for itself, trains, reports, ends.

import { parentPort, workerData } from 'node:worker_threads'
import { openBus } from '../../../libs/bus/open.ts'
import { registry } from '../../../libs/codec/registry.ts'
import { Failure } from '../../../libs/core/failure.ts'
import { train } from '../train.ts'
import type { WorkerReport, WorkerTask } from '../work.ts'

const { bus: settings, request, registry: access } = workerData as WorkerTask
const report = (message: WorkerReport): void => parentPort?.postMessage(message)

const client =
  access === null
    ? null
    : registry({
        ...access,
        fetch,
        nowMs: () => Date.now(),
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      })

try {
  const bus = await openBus(settings)
  try {
    const trained = await train(request, bus, {
      elapsedMs: () => performance.now(),
      progress: (message) => report({ kind: 'progress', message }),
      resolve: async (id) => (client === null ? 'absent' : await client.schema(id)),
    })
    report({ kind: 'trained', trained })
  } finally {
    await bus.close()
  }
} catch (thrown) {
  const failure = Failure.of(thrown, 'training-failed')
  report({ kind: 'failed', code: failure.code, message: failure.message })
}
