// Verifier thread: loads artefacts for good, golden vectors and all, so that the scorer's own thread need not.

import { parentPort } from 'node:worker_threads'
import { Failure } from '../../../libs/core/failure.ts'
import { parseArtefact } from '../../../libs/detector/artefact.ts'
import { load } from '../../../libs/detector/load.ts'
import type { VerifyReport, VerifyRequest } from '../verify.ts'

parentPort?.on('message', ({ id, artefact, version, revision }: VerifyRequest) => {
  const answer = (report: VerifyReport): void => parentPort?.postMessage(report)
  try {
    load(artefact, { version, revision })
    answer({ kind: 'good', id, model: parseArtefact(artefact) })
  } catch (thrown) {
    const { code, message } = Failure.of(thrown, 'artefact-invalid')
    answer({ kind: 'refused', id, code, message })
  }
})
