// Vitals: the health of this process while it runs: the one holder of the value that health.ts judges. Services tell it what
// happens to their parts; the endpoints ask it.
// Invariants
//   V1 a part that had nothing to do counts as moving at the moment something comes to wait: quiet is not stuck.

import { type Answer, draining, type Health, healthAtStart, live, ready, withoutPart, withPart } from './health.ts'

export class Vitals {
  readonly #nowMs: () => number
  #health: Health = healthAtStart

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Not serving yet, or not any more; `waitsFor` says for what. */
  starting(part: string, waitsFor: string): void {
    this.#health = withPart(this.#health, part, { kind: 'starting', waitsFor })
  }

  /** Serves, or has just got something done. */
  moved(part: string): void {
    const state = this.#health.parts[part]
    const waiting = state?.kind === 'running' ? state.waiting : 0
    this.#health = withPart(this.#health, part, { kind: 'running', waiting, progressedMs: this.#nowMs() })
  }

  /** So many records wait for a part that serves; of another it says nothing. */
  waiting(part: string, waiting: number): void {
    const state = this.#health.parts[part]
    if (state?.kind !== 'running') return
    const progressedMs = state.waiting === 0 ? this.#nowMs() : state.progressedMs
    this.#health = withPart(this.#health, part, { kind: 'running', waiting, progressedMs })
  }

  failed(part: string, reason: string): void {
    this.#health = withPart(this.#health, part, { kind: 'failed', reason })
  }

  gone(part: string): void {
    this.#health = withoutPart(this.#health, part)
  }

  /** From now on not ready. */
  drain(): void {
    this.#health = draining(this.#health)
  }

  live(): Answer {
    return live(this.#health, this.#nowMs())
  }

  ready(): Answer {
    return ready(this.#health)
  }
}
