// Verify: checks artefacts in a thread of its own: hash, form, finiteness, golden vectors. What comes back is the model as plain
// values, which the scorer's thread only has to lay out in a kernel: about a millisecond for a small detector, so that a swap
// does not make records wait.

import { Worker } from 'node:worker_threads'
import { Failure, type FailureCode } from '../../libs/core/failure.ts'
import type { Model } from '../../libs/detector/model.ts'

export interface VerifyRequest {
  readonly id: number
  readonly artefact: Uint8Array
  readonly version: string
  readonly revision: string
}

export type VerifyReport =
  | { readonly kind: 'good'; readonly id: number; readonly model: Model }
  | { readonly kind: 'refused'; readonly id: number; readonly code: FailureCode; readonly message: string }

export interface Verifier {
  /** The model of an artefact that passed every check; rejects with the Failure of the first that did not. */
  verify(artefact: Uint8Array, version: string, revision: string): Promise<Model>
  stop(): Promise<void>
}

interface Waiting {
  readonly resolve: (model: Model) => void
  readonly reject: (failure: Failure) => void
}

export function verifier(): Verifier {
  const waiting = new Map<number, Waiting>()
  let asked = 0
  let running: Worker | null = null
  const ended = (failure: Failure): void => {
    for (const { reject } of waiting.values()) reject(failure)
    waiting.clear()
  }
  const start = (): Worker => {
    const worker = new Worker(new URL('./verifier/main.js', import.meta.url))
    // It waits for work; that alone is no reason for the process to go on.
    worker.unref()
    worker.on('message', (report: VerifyReport) => {
      const waiter = waiting.get(report.id)
      waiting.delete(report.id)
      if (waiting.size === 0) worker.unref()
      if (report.kind === 'good') waiter?.resolve(report.model)
      else waiter?.reject(new Failure(report.code, report.message))
    })
    // One that an artefact has brought down is followed by another, whose requests its end is not to refuse.
    const over = (failure: Failure): void => {
      if (running !== worker) return
      running = null
      ended(failure)
    }
    worker.on('error', (thrown) => over(Failure.of(thrown, 'artefact-invalid')))
    worker.on('exit', () => over(new Failure('stopped', 'the verifying thread has ended')))
    return worker
  }
  return {
    verify: (artefact, version, revision) =>
      new Promise((resolve, reject) => {
        asked += 1
        waiting.set(asked, { resolve, reject })
        running ??= start()
        running.ref()
        const request: VerifyRequest = { id: asked, artefact, version, revision }
        running.postMessage(request)
      }),
    stop: async () => {
      await running?.terminate()
    },
  }
}
