// Pending: what the next transaction of a task will carry, and when it is due. Owns the outputs that wait.
// Due: with outputs at once, but `commitMsMin` after the transaction before; without, `idleCommitMs` after the first record.
// While fetched records wait to be judged, outputs are late anyway by what lies before them, and a transaction costs as much
// as judging some hundreds of records: then `commitMsMin` is taken several times, until the queue is empty.

import type { Message } from '../core/message.ts'

export interface Pace {
  readonly commitMsMin: number
  readonly idleCommitMs: number
}

/** Times commitMsMin between transactions while records wait. */
const backlogFactor = 4

export class Pending {
  readonly #pace: Pace
  #outputs: Message[] = []
  #dirty = false
  #dirtySinceMs = 0
  #takenMs = Number.NEGATIVE_INFINITY

  constructor(pace: Pace) {
    this.#pace = pace
  }

  /** Whether anything was judged or put out since the last transaction was formed. */
  get dirty(): boolean {
    return this.#dirty
  }

  get outputs(): number {
    return this.#outputs.length
  }

  /** Records were judged: their offsets are to be committed even if nothing is put out. */
  touch(nowMs: number): void {
    if (!this.#dirty) this.#dirtySinceMs = nowMs
    this.#dirty = true
  }

  add(outputs: readonly Message[], nowMs: number): void {
    if (outputs.length > 0) this.touch(nowMs)
    for (const output of outputs) this.#outputs.push(output)
  }

  dueMs(queue: 'empty' | 'waiting'): number {
    if (!this.#dirty) return Number.POSITIVE_INFINITY
    const { commitMsMin } = this.#pace
    if (this.#outputs.length > 0)
      return this.#takenMs + (queue === 'waiting' ? backlogFactor * commitMsMin : commitMsMin)
    return this.#dirtySinceMs + this.#pace.idleCommitMs
  }

  /** The outputs for a transaction that is formed now. */
  take(nowMs: number): readonly Message[] {
    const outputs = this.#outputs
    this.#outputs = []
    this.#dirty = false
    this.#takenMs = nowMs
    return outputs
  }

  clear(): void {
    this.#outputs = []
    this.#dirty = false
  }
}
