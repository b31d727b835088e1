// Work: runs one training in a worker thread of its own, so that the event loop of the service never waits for it; stopping
// the service ends the thread at once.

import { Worker } from 'node:worker_threads'
import type { BusSettings } from '../../libs/bus/open.ts'
import type { RegistryOptions } from '../../libs/codec/registry.ts'
import { Failure, type FailureCode } from '../../libs/core/failure.ts'
import type { Trained, TrainRequest } from './train.ts'

export interface WorkerTask {
  readonly bus: BusSettings
  readonly request: TrainRequest
  /** Where schemas are fetched; null where the records name none. */
  readonly registry: Pick<RegistryOptions, 'url' | 'headers' | 'cacheMax' | 'absentMsMax' | 'timeoutMs'> | null
}

export type WorkerReport =
  | { readonly kind: 'progress'; readonly message: string }
  | { readonly kind: 'trained'; readonly trained: Trained }
  | { readonly kind: 'failed'; readonly code: FailureCode; readonly message: string }

export interface Workshop {
  work(request: TrainRequest): Promise<Trained>
  /** Ends a training under way; its promise rejects with Failure('stopped'). */
  stop(): Promise<void>
}

export interface WorkshopOptions {
  /** Opens the log for reading from another thread. */
  readonly bus: BusSettings
  readonly registryOf: (stream: string) => WorkerTask['registry']
  readonly onProgress: (stream: string, message: string) => void
}

export function workshop({ bus, registryOf, onProgress }: WorkshopOptions): Workshop {
  let current: Worker | null = null
  let stopped = false
  return {
    work: (request) =>
      new Promise((resolve, reject) => {
        if (stopped) throw new Failure('stopped', 'the service is stopping')
        const workerData: WorkerTask = { bus, request, registry: registryOf(request.spec.stream) }
        const worker = new Worker(new URL('./worker/main.js', import.meta.url), { workerData })
        current = worker
        worker.on('message', (report: WorkerReport) => {
          switch (report.kind) {
            case 'progress':
              onProgress(request.spec.stream, report.message)
              break
            case 'trained':
              resolve(report.trained)
              break
            case 'failed':
              reject(new Failure(report.code, report.message))
              break
            default:
              report satisfies never
          }
        })
        worker.on('error', (thrown) => reject(Failure.of(thrown, 'training-failed')))
        worker.on('exit', (code) => {
          // A thread may end after the next one has begun.
          if (current === worker) current = null
          reject(
            stopped
              ? new Failure('stopped', 'the service is stopping')
              : new Failure('training-failed', `the training thread ended with code ${code} and no result`),
          )
        })
      }),
    stop: async () => {
      stopped = true
      await current?.terminate()
    },
  }
}
