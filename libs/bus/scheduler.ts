// Scheduler: time and turns, as the adapters see them. The real one, over Node's timers and clock, is made here and nowhere
// else in libs/bus; the simulated bus has one of virtual time, so that the same loop runs in both. No time read here ever
// reaches a verdict: it paces commits, ticks and retries.

export interface Scheduler {
  nowMs(): number
  /** Calls `run` once after `ms`; the answer cancels it. */
  after(ms: number, run: () => void): () => void
  /** Resolves in a later turn of the event loop, after pending I/O was served. */
  turn(): Promise<void>
}

export function wallScheduler(): Scheduler {
  return {
    nowMs: () => Date.now(),
    after(ms, run) {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  }
}

/** Resolves after `ms`. */
export function delay(scheduler: Scheduler, ms: number): Promise<void> {
  return new Promise((resolve) => {
    scheduler.after(ms, resolve)
  })
}
