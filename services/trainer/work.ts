// Work: runs one training, or one look for drift, in a worker thread of its own, so that the event loop of the service never
// waits for it; stopping the service ends the thread at once.

import { Worker } from 'node:worker_threads'
import type { BusSettings } from '../../libs/bus/open.ts'
import type { RegistryOptions } from '../../libs/codec/registry.ts'
import { Failure, type FailureCode } from '../../libs/core/failure.ts'
import type { Trained, TrainRequest } from './train.ts'
import type { Watched, WatchRequest } from './watch.ts'

export type Job =
  | { readonly kind: 'train'; readonly request: TrainRequest }
  | { readonly kind: 'watch'; readonly request: WatchRequest }

export interface WorkerTask {
  readonly bus: BusSettings
  readonly job: Job
  /** Where schemas are fetched; null where the records name none. */
  readonly registry: Pick<RegistryOptions, 'url' | 'headers' | 'cacheMax' | 'absentMsMax' | 'timeoutMs'> | null
}

export type WorkerReport =
  | { readonly kind: 'progress'; readonly message: string }
  | { readonly kind: 'trained'; readonly trained: Trained }
  | { readonly kind: 'watched'; readonly watched: Watched }
  | { readonly kind: 'failed'; readonly code: FailureCode; readonly message: string }

export interface Workshop {
  work(request: TrainRequest): Promise<Trained>
  watch(request: WatchRequest): Promise<Watched>
  /** Ends what is under way; its promise rejects with Failure('stopped'). */
  stop(): Promise<void>
}

export interface WorkshopOptions {
  /** Opens the log for reading from another thread. */
  readonly bus: BusSettings
  readonly registryOf: (stream: string) => WorkerTask['registry']
  readonly onProgress: (stream: string, message: string) => void
}

type Result = Exclude<WorkerReport, { readonly kind: 'progress' | 'failed' }>

export function workshop({ bus, registryOf, onProgress }: WorkshopOptions): Workshop {
  let current: Worker | null = null
  let stopped = false
  const done = (job: Job): Promise<Result> =>
    new Promise((resolve, reject) => {
      if (stopped) throw new Failure('stopped', 'the service is stopping')
      const name = job.request.spec.stream
      const workerData: WorkerTask = { bus, job, registry: registryOf(name) }
      const worker = new Worker(new URL('./worker/main.js', import.meta.url), { workerData })
      current = worker
      worker.on('message', (report: WorkerReport) => {
        switch (report.kind) {
          case 'progress':
            onProgress(name, report.message)
            break
          case 'trained':
          case 'watched':
            resolve(report)
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
    })
  const other = (): never => {
    throw new Failure('training-failed', 'the training thread answered what it was not asked')
  }
  return {
    work: async (request) => {
      const result = await done({ kind: 'train', request })
      return result.kind === 'trained' ? result.trained : other()
    },
    watch: async (request) => {
      const result = await done({ kind: 'watch', request })
      return result.kind === 'watched' ? result.watched : other()
    },
    stop: async () => {
      stopped = true
      await current?.terminate()
    },
  }
}
