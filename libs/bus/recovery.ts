// Recovery: what follows from a failure of a partition's loop: another try, or its end. Owns the counts of tries.
// Invariants
//   X1 at most REBUILDS_MAX tries in a row without a commit between; a failure long after the one before counts as the first.
//   X2 fenced once, the partition is tried again, since the fence may be a late request of our own; fenced twice without an
//      assignment between, another owner exists, and two owners would fence each other in turns.

import type { Failure, FailureCode } from '../core/failure.ts'

export const REBUILDS_MAX = 10
const BACKOFF_MS_MIN = 50
const BACKOFF_MS_MAX = 10_000
const FORGIVEN_MS = 600_000

/** Failures that trying again does not cure. */
const FINAL: ReadonlySet<FailureCode> = new Set([
  'usage',
  'spec-invalid',
  'schema-invalid',
  'state-mismatch',
  'offset-lost',
  'topic-missing',
  'topic-mismatch',
  'log-owned',
  'artefact-invalid',
  'artefact-mismatch',
  'stopped',
])

export type Remedy =
  | { readonly kind: 'again'; readonly inMs: number }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'failed' }

export class Recovery {
  #failures = 0
  #failedMs = Number.NEGATIVE_INFINITY
  #fencings = 0

  remedy(failure: Failure, nowMs: number): Remedy {
    if (FINAL.has(failure.code)) return { kind: 'failed' }
    if (failure.code === 'fenced' && ++this.#fencings > 1) return { kind: 'fenced' }
    if (nowMs - this.#failedMs > FORGIVEN_MS) this.#failures = 0
    this.#failedMs = nowMs
    if (++this.#failures > REBUILDS_MAX) return { kind: 'failed' }
    return { kind: 'again', inMs: backoffMs(this.#failures - 1) }
  }

  /** A commit succeeded. */
  progressed(): void {
    this.#failures = 0
  }

  /** The partition was assigned anew. */
  assigned(): void {
    this.#fencings = 0
  }
}

export function backoffMs(attempt: number): number {
  return Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** attempt)
}
