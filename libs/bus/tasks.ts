// Tasks: the runners of all partitions that one `run` has been assigned, under one budget of bytes. Owns the runners.
// Invariants
//   K1 the first runner that fails ends all: the others commit what they have judged, then `ended` rejects with its failure.
//   K2 `stop` is idempotent; when it resolves, every port is closed.

import type { Reader, RunOptions } from './bus.ts'
import { ByteBudget } from './byte-budget.ts'
import type { Port } from './port.ts'
import { Runner } from './runner.ts'
import type { Scheduler } from './scheduler.ts'

export class Tasks {
  readonly ended: Promise<void>
  readonly #options: RunOptions
  readonly #reader: Reader
  readonly #scheduler: Scheduler
  readonly #budget: ByteBudget
  readonly #runners = new Map<number, Runner>()
  readonly #fenced: (partition: number) => void
  #failure: Error | null = null
  #stopped: Promise<void> | null = null
  #end: () => void = () => undefined

  /** `fenced` is called when a partition proved to be another's and its runner ended for that. */
  constructor(options: RunOptions, reader: Reader, scheduler: Scheduler, fenced: (partition: number) => void) {
    this.#options = options
    this.#reader = reader
    this.#scheduler = scheduler
    this.#fenced = fenced
    const bytesMax = options.bufferedBytesMax
    this.#budget = new ByteBudget(bytesMax, (bytes) => options.on({ kind: 'buffered', bytes, bytesMax }))
    this.ended = new Promise((resolve, reject) => {
      this.#end = () => (this.#failure === null ? resolve() : reject(this.#failure))
    })
    // Whoever starts a run may look at its end later, or only call `stop`.
    this.ended.catch(() => undefined)
  }

  get runners(): ReadonlyMap<number, Runner> {
    return this.#runners
  }

  start(partition: number, port: Port): Runner {
    const runner = new Runner({
      partition,
      port,
      options: this.#options,
      reader: this.#reader,
      scheduler: this.#scheduler,
      share: (pause, resume) => this.#budget.join(pause, resume),
    })
    this.#runners.set(partition, runner)
    runner.ended.then((end) => {
      if (this.#runners.get(partition) === runner) this.#runners.delete(partition)
      if (end.kind === 'fenced') this.#fenced(partition)
      if (end.kind === 'failed') this.fail(end.failure)
    })
    return runner
  }

  /** Ends the run for a reason outside its tasks. */
  fail(failure: Error): void {
    if (this.#failure === null && this.#stopped === null) {
      this.#failure = failure
      this.#options.on({ kind: 'failed', failure })
    }
    void this.stop()
  }

  /** Ends the tasks; the adapter closes its own doors first or after, as it needs. */
  stop(): Promise<void> {
    this.#stopped ??= Promise.all([...this.#runners.values()].map((runner) => runner.stop())).then(() => this.#end())
    return this.#stopped
  }
}
