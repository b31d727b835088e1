// Shutdown: what happens between the first signal and the end of the process. Steps run one after the other, each for as long
// as its deadline at most: an overdue or failed step is reported and the next one begins, so that one thing that hangs
// does not keep the others from closing well. A second signal means at once: the step under way is left, the rest skipped.
// Owns no signal and no timer: both are handed in.

import type { Clock } from '../core/clock.ts'

export interface DrainStep {
  readonly name: string
  readonly deadlineMs: number
  readonly act: () => Promise<void>
}

export interface Drained {
  readonly name: string
  readonly outcome: 'done' | 'overdue' | 'failed' | 'skipped'
  readonly durationMs: number
  /** What a failed step threw. */
  readonly failure: unknown
}

export async function drain(steps: readonly DrainStep[], clock: Clock, atOnce: AbortSignal): Promise<Drained[]> {
  const drained: Drained[] = []
  for (const { name, deadlineMs, act } of steps) {
    if (atOnce.aborted) {
      drained.push({ name, outcome: 'skipped', durationMs: 0, failure: null })
      continue
    }
    const startedMs = clock.elapsedMs()
    const { outcome, failure } = await within(act, deadlineMs, clock, atOnce)
    drained.push({ name, outcome, durationMs: clock.elapsedMs() - startedMs, failure })
  }
  return drained
}

type Ended = Pick<Drained, 'outcome' | 'failure'>

function within(act: () => Promise<void>, deadlineMs: number, clock: Clock, atOnce: AbortSignal): Promise<Ended> {
  return new Promise((resolve) => {
    const end = (outcome: Drained['outcome'], failure: unknown = null): void => {
      cancel()
      atOnce.removeEventListener('abort', leave)
      resolve({ outcome, failure })
    }
    const leave = (): void => end('skipped')
    const cancel = clock.after(deadlineMs, () => end('overdue'))
    atOnce.addEventListener('abort', leave, { once: true })
    Promise.resolve()
      .then(act)
      .then(
        () => end('done'),
        (thrown: unknown) => end('failed', thrown),
      )
  })
}

/** Resolves when the signal aborts, or at once where it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

export interface StopSignals {
  /** Aborts at the first signal: drain. */
  readonly drain: AbortSignal
  /** Aborts at the second: stop at once. */
  readonly atOnce: AbortSignal
}

/** `listen` is given the function to call at every SIGINT or SIGTERM. */
export function stopSignals(listen: (received: (signal: string) => void) => void): StopSignals {
  const first = new AbortController()
  const second = new AbortController()
  listen((signal) => {
    if (!first.signal.aborted) first.abort(signal)
    else second.abort(signal)
  })
  return { drain: first.signal, atOnce: second.signal }
}
