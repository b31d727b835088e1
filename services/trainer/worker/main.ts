// Worker: the thread that a training or a look for drift runs in. Opens the log for itself, works, reports, ends. What learns
// is loaded where there is something to learn: a look for drift needs none of it.

import { parentPort, workerData } from 'node:worker_threads'
import type { Bus } from '../../../libs/bus/bus.ts'
import { openBus } from '../../../libs/bus/open.ts'
import { registry } from '../../../libs/codec/registry.ts'
import { Failure } from '../../../libs/core/failure.ts'
import type { Job, WorkerReport, WorkerTask } from '../work.ts'

const { bus: settings, job, registry: access } = workerData as WorkerTask
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
const resolve = async (id: number): Promise<string | 'absent'> => (client === null ? 'absent' : await client.schema(id))

async function work(bus: Bus, { kind, request }: Job): Promise<WorkerReport> {
  switch (kind) {
    case 'train': {
      const { train } = await import('../train.ts')
      const elapsedMs = (): number => performance.now()
      const progress = (message: string): void => report({ kind: 'progress', message })
      return { kind: 'trained', trained: await train(request, bus, { elapsedMs, progress, resolve }) }
    }
    case 'watch': {
      const { watch } = await import('../watch.ts')
      return { kind: 'watched', watched: await watch(request, bus, resolve) }
    }
    default:
      return kind satisfies never
  }
}

try {
  const bus = await openBus(settings)
  try {
    report(await work(bus, job))
  } finally {
    await bus.close()
  }
} catch (thrown) {
  const failure = Failure.of(thrown, 'training-failed')
  report({ kind: 'failed', code: failure.code, message: failure.message })
}
