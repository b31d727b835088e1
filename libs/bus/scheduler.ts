// Scheduler: time and turns, as the adapters see them. The real one, over Node's timers and clock, is made here and nowhere
// else in libs/bus; the simulated bus has one of virtual time, so that the same loop runs in both. No time read here ever
// reaches a verdict: it paces commits, ticks and retries.

export interface Scheduler {
  nowMs(): number
  /** Calls `run` once after `ms`; the answer cancels it. */
  after(ms: number, run: () => void): () => void
  /** Resolves in a later turn of the event loop, after pending I/O was served; those who wait for one get a turn each. */
  turn(): Promise<void>
}

export function wallScheduler(): Scheduler {
  const waiting: (() => void)[] = []
  // All immediates of a turn run without a look at I/O in between: with four partitions at work, a commit that is confirmed, or
  // a detector that is verified, would be heard of only after four steps, at each of the several turns that it takes.
  const next = (): void => {
    waiting.shift()?.()
    if (waiting.length > 0) setImmediate(next)
  }
  return {
    nowMs: () => Date.now(),
    after(ms, run) {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    turn: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        if (waiting.length === 1) setImmediate(next)
      }),
  }
}

/** Resolves after `ms`. */
export function delay(scheduler: Scheduler, ms: number): Promise<void> {
  return new Promise((resolve) => {
    scheduler.after(ms, resolve)
  })
}
