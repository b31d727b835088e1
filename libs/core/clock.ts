// Clock: time as a value that main hands down, so that everything below can run in virtual time.

export interface Clock {
  /** Wall time, ms since 1970. */
  nowMs(): number
  /** Monotonic time for durations, ms. */
  elapsedMs(): number
  /** Calls `act` once after the delay; answers what cancels it. */
  after(delayMs: number, act: () => void): () => void
}

export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(delayMs, resolve))
}
