// Wait: how a loop sleeps until something happens, and how a question it asked can be called off. Owns one sleeper and one
// asker at a time: it serves one loop.

import type { Scheduler } from './scheduler.ts'

export class Wait {
  readonly #scheduler: Scheduler
  #wakeUp: () => void = () => undefined
  #callOff: () => void = () => undefined

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  /** Sleeps until `wake`, at most `ms`. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const endless = ms === Number.POSITIVE_INFINITY
      const cancel = endless ? () => undefined : this.#scheduler.after(Math.max(0, ms), resolve)
      this.#wakeUp = () => {
        cancel()
        resolve()
      }
    })
  }

  wake(): void {
    this.#wakeUp()
  }

  /** The answer of `promise`, or null if `callOff` came first; a late answer or failure is dropped. */
  answer<T>(promise: Promise<T>): Promise<{ readonly value: T } | null> {
    const calledOff = new Promise<null>((resolve) => {
      this.#callOff = () => resolve(null)
    })
    return Promise.race([promise.then((value) => ({ value })), calledOff])
  }

  callOff(): void {
    this.#callOff()
  }
}
