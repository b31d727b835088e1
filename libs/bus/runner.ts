// Runner: the loop of one partition's task, the same for every adapter: fence, build, judge, commit, recover. It does no
// I/O of its own: records are offered to it, everything else goes through its port. Owns the task, its queue and what the
// next transaction will carry.
// Invariants
//   L1 an offset is committed only in one commit with all outputs of the records before it and the checkpoint made after
//      them (I1, I3); what is judged while a commit is under way belongs to the next.
//   L2 `checkpoint` is called exactly when a transaction is formed, so a task that changes detectors only at its first step
//      after a checkpoint gives every transaction one detector (I4).
//   L3 before a task is built the former owner is fenced off, and only then the committed offset is read. A commit that fails
//      or is in doubt leads here too: crash and recovery are one path. A task is kept only if nothing of it is uncommitted
//      and the offset read is the one that it committed last.
//   L4 what a task throws is a bug and ends the run; what a port or a build rejects with is the world, and is tried again, at
//      most `REBUILDS_MAX` times in a row without a commit between.
//   L5 a turn of the event loop judges at most PIECE_RECORDS_MAX records, fewer when they take longer than TURN_MS.

import assert from 'node:assert/strict'
import { Failure, type FailureCode } from '../core/failure.ts'
import type { Message } from '../core/message.ts'
import type { Reader, RunOptions, Step, Task, TaskNeed } from './bus.ts'
import type { Share } from './byte-budget.ts'
import { Feed, type Fetched, indexAt } from './fetched.ts'
import type { Run } from './record-reader.ts'
import type { Scheduler } from './scheduler.ts'

/** What an adapter does for one partition. Rejects with Failure; a commit of unknown outcome is a failed one. */
export interface Port {
  /** Fences off every former owner, then answers the committed offset, or null if there is none. */
  fence(): Promise<number | null>
  /** Makes messages and offset visible together (exactly-once), or the messages before the offset (at-least-once). */
  commit(messages: readonly Message[], nextOffset: number): Promise<void>
  /** Fetching goes on from here; what was fetched before is not offered any more. */
  seek(offset: number): Promise<void> | void
  pause(): void
  resume(): void
  /** Leaves nothing open: aborts what is under way, disconnects. */
  close(): Promise<void>
}

export interface RunnerSpec {
  readonly partition: number
  readonly port: Port
  readonly options: RunOptions
  readonly reader: Reader
  readonly scheduler: Scheduler
  /** Joins the budget; called once. */
  readonly share: (pause: () => void, resume: () => void) => Share
}

export type RunnerEnd =
  | { readonly kind: 'stopped' }
  /** Fenced twice since it was last confirmed: another owner exists. */
  | { readonly kind: 'fenced'; readonly failure: Failure }
  | { readonly kind: 'failed'; readonly failure: Error }

export const REBUILDS_MAX = 10
export const TICK_MS = 1000
const PIECE_RECORDS_MAX = 8192
const PIECE_RECORDS_MIN = 64
const TURN_MS = 10
/** Outputs held for the next transaction; judging waits for the commit under way beyond it. */
const HELD_OUTPUTS_MAX = 4096
const BACKOFF_MS_MIN = 50
const BACKOFF_MS_MAX = 10_000
/** A failure this long after the one before counts as the first. */
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

export class Runner {
  readonly ended: Promise<RunnerEnd>
  readonly partition: number
  readonly #port: Port
  readonly #options: RunOptions
  readonly #reader: Reader
  readonly #scheduler: Scheduler
  readonly #share: Share
  readonly #feed: Feed

  #mode: 'run' | 'drain' | 'abandon' = 'run'
  /** False from a fence on until the task is in place. */
  #live = false
  /** Whether offers are taken. */
  #gate: 'open' | 'shut' = 'shut'
  #suspended = false
  #confirmWanted = false
  #budgetPaused = false
  #fencings = 0
  #failures = 0
  #failedMs = Number.NEGATIVE_INFINITY
  #expected = 0
  #broken: Failure | null = null

  #task: Task | null = null
  #piece: Run | null = null
  #index = 0
  #pieceRecordsMax = PIECE_RECORDS_MAX
  #need: TaskNeed | null = null
  #needRefusals = 0
  #judged = 0
  #committed: number | null = null

  #outputs: Message[] = []
  #dirty = false
  #dirtySinceMs = 0
  #formedMs = Number.NEGATIVE_INFINITY
  #tickMs = 0
  #underWay: Promise<void> | null = null

  #wakeUp: (() => void) | null = null
  #interrupt: (() => void) | null = null

  constructor(spec: RunnerSpec) {
    this.partition = spec.partition
    this.#port = spec.port
    this.#options = spec.options
    this.#reader = spec.reader
    this.#scheduler = spec.scheduler
    this.#share = spec.share(
      () => this.#pauseForBudget(true),
      () => this.#pauseForBudget(false),
    )
    this.#feed = new Feed((bytes) => this.#share.release(bytes))
    this.ended = this.#main()
  }

  /** The offset up to which it has judged. */
  get position(): number {
    return this.#judged
  }

  /** Queues what was fetched. Never refuses for want of room: the port is told to pause. */
  offer(fetched: Fetched): void {
    if (this.#gate === 'shut' || this.#suspended || this.#confirmWanted) return
    if (fetched.from !== this.#expected) {
      const found = `partition ${this.partition}: fetched from ${fetched.from}, expected ${this.#expected}`
      this.#broken ??= new Failure('commit-unknown', found)
      this.#wake()
      return
    }
    this.#expected = fetched.next
    this.#feed.push(fetched)
    this.#share.add(fetched.bytes)
    this.#wake()
  }

  /** The group rebalances: commits what is judged and takes nothing more until `confirm`. */
  suspend(): void {
    this.#suspended = true
    this.#wake()
  }

  /** The partition was assigned again: fences and reads the offset anew, since it may have been another's in between. */
  confirm(): void {
    this.#suspended = false
    this.#confirmWanted = true
    this.#fencings = 0
    this.#interrupt?.()
    this.#wake()
  }

  /** Judges nothing more, commits what is judged, closes. */
  stop(): Promise<RunnerEnd> {
    return this.#finish('drain')
  }

  /** Closes without a commit: the partition is another's now. */
  abandon(): Promise<RunnerEnd> {
    return this.#finish('abandon')
  }

  #finish(mode: 'drain' | 'abandon'): Promise<RunnerEnd> {
    if (this.#mode !== 'abandon') this.#mode = mode
    this.#interrupt?.()
    this.#wake()
    return this.ended
  }

  async #main(): Promise<RunnerEnd> {
    let end: RunnerEnd | null = null
    while (end === null) {
      try {
        while (this.#mode === 'run') {
          if (!this.#live) await this.#assume()
          else await this.#judge()
        }
        if (this.#mode === 'drain' && this.#live) await this.#flush()
        end = { kind: 'stopped' }
      } catch (thrown) {
        end = await this.#recover(thrown)
      }
    }
    this.#shut()
    this.#share.leave()
    await this.#underWay
    try {
      await this.#port.close()
    } catch (thrown) {
      if (end.kind === 'stopped') return { kind: 'failed', failure: Failure.of(thrown, 'broker-unreachable') }
    }
    return end
  }

  /** Takes the partition over: fence, offset, task, seek (L3). */
  async #assume(): Promise<void> {
    this.#shut()
    await this.#underWay
    this.#confirmWanted = false
    const committed = await this.#port.fence()
    if (this.#mode !== 'run') return
    const clean = !this.#dirty && this.#broken === null && committed === this.#committed
    if (this.#task !== null && !clean) this.#discard('its offset was moved or its records were not committed')
    this.#committed = committed
    this.#broken = null
    if (this.#task === null) {
      const assignment = { partition: this.partition, committed }
      const built = await this.#unlessCalled(this.#options.build(assignment, this.#reader))
      if (built === null) return
      this.#task = built.value.task
      this.#judged = built.value.position
    }
    await this.#open()
    this.#live = true
    this.#options.on({ kind: 'live', partition: this.partition, position: this.#judged })
  }

  /** Nothing is accepted any more; what was queued will be fetched again. */
  #shut(): void {
    this.#gate = 'shut'
    this.#port.pause()
    this.#piece = null
    this.#feed.clear()
    this.#share.clear()
  }

  async #open(): Promise<void> {
    this.#expected = this.#judged
    this.#tickMs = this.#scheduler.nowMs() + TICK_MS
    await this.#port.seek(this.#judged)
    this.#gate = 'open'
    this.#resumeUnlessPaused()
  }

  async #judge(): Promise<void> {
    while (this.#mode === 'run' && !this.#confirmWanted) {
      if (this.#broken !== null) throw this.#broken
      const nowMs = this.#scheduler.nowMs()
      if (this.#need !== null) {
        await this.#meet(this.#need)
        continue
      }
      if (nowMs >= this.#commitDueMs()) this.#commit()
      if (this.#suspended || this.#outputs.length >= HELD_OUTPUTS_MAX) {
        await this.#sleepUntil(this.#commitDueMs())
      } else if (this.#nextPiece()) {
        this.#step()
        await this.#scheduler.turn()
      } else if (nowMs >= this.#tickMs) {
        this.#tickMs = nowMs + TICK_MS
        this.#absorb(this.#ask((task) => task.tick(nowMs)))
      } else {
        await this.#sleepUntil(Math.min(this.#tickMs, this.#commitDueMs()))
      }
    }
    if (this.#mode === 'run') this.#live = false
  }

  #nextPiece(): boolean {
    if (this.#piece !== null) return true
    this.#piece = this.#feed.take(this.#pieceRecordsMax)
    this.#index = 0
    return this.#piece !== null
  }

  #step(): void {
    const piece = this.#piece
    if (piece === null) return
    this.#piece = null
    const startMs = this.#scheduler.nowMs()
    this.#setDirty(startMs)
    if (piece.kind === 'too-large') {
      this.#absorb(this.#ask((task) => task.skip(piece.from, piece.next)))
      return
    }
    const { records } = piece
    const step = this.#ask((task) => task.step(records, this.#index))
    if (step.need !== null) {
      this.#index = indexAt(records, step.nextOffset)
      this.#piece = piece
    }
    this.#absorb(step)
    const tookMs = this.#scheduler.nowMs() - startMs
    if (tookMs > TURN_MS) this.#pieceRecordsMax = Math.max(PIECE_RECORDS_MIN, this.#pieceRecordsMax >>> 1)
    else if (tookMs * 4 < TURN_MS) this.#pieceRecordsMax = Math.min(PIECE_RECORDS_MAX, this.#pieceRecordsMax << 1)
  }

  #absorb(step: Step): void {
    for (const output of step.outputs) this.#outputs.push(output)
    if (step.outputs.length > 0) this.#setDirty(this.#scheduler.nowMs())
    this.#judged = Math.max(this.#judged, step.nextOffset)
    if (step.need !== null) this.#need = step.need
  }

  #setDirty(nowMs: number): void {
    if (!this.#dirty) this.#dirtySinceMs = nowMs
    this.#dirty = true
  }

  /** What a task throws is ours (L4). */
  #ask<T>(question: (task: Task) => T): T {
    assert(this.#task !== null, 'L3: a task is in place')
    try {
      return question(this.#task)
    } catch (thrown) {
      throw new Bug(thrown)
    }
  }

  #commitDueMs(): number {
    if (!this.#dirty || this.#underWay !== null) return Number.POSITIVE_INFINITY
    if (this.#suspended) return Number.NEGATIVE_INFINITY
    if (this.#outputs.length > 0) return this.#formedMs + this.#options.commitMsMin
    return this.#dirtySinceMs + this.#options.idleCommitMs
  }

  /** Forms a transaction of everything judged so far (L1, L2). */
  #commit(): void {
    const offset = this.#judged
    const outputs = this.#outputs
    const messages = [...outputs, ...this.#ask((task) => task.checkpoint())]
    this.#outputs = []
    this.#dirty = false
    const formedMs = this.#scheduler.nowMs()
    this.#formedMs = formedMs
    const { partition } = this
    this.#options.on({ kind: 'committing', partition, offset })
    this.#underWay = this.#port.commit(messages, offset).then(
      () => {
        this.#underWay = null
        this.#committed = offset
        this.#failures = 0
        const durationMs = this.#scheduler.nowMs() - formedMs
        this.#options.on({ kind: 'committed', partition, offset, outputs, durationMs })
        this.#wake()
      },
      (thrown: unknown) => {
        this.#underWay = null
        this.#broken = Failure.of(thrown, 'commit-unknown')
        this.#wake()
      },
    )
  }

  /** Commits everything judged and waits for it. */
  async #flush(): Promise<void> {
    while (this.#broken === null && (this.#dirty || this.#underWay !== null)) {
      if (this.#underWay === null) this.#commit()
      await this.#underWay
    }
    if (this.#broken !== null) throw this.#broken
  }

  /** Commits what is done, then asks until the need is answered; a first refusal gives the queue's bytes to others (B5). */
  async #meet(need: TaskNeed): Promise<void> {
    await this.#flush()
    try {
      const answered = await this.#unlessCalled(this.#options.resolve(need))
      if (answered === null) return
      this.#ask((task) => task.supply(need, answered.value))
      this.#need = null
      if (this.#needRefusals > 0) await this.#open()
      this.#needRefusals = 0
    } catch (thrown) {
      if (thrown instanceof Bug) throw thrown
      this.#shut()
      await this.#sleep(backoffMs(this.#needRefusals++))
    }
  }

  async #recover(thrown: unknown): Promise<RunnerEnd | null> {
    this.#live = false
    this.#shut()
    await this.#underWay
    if (thrown instanceof Bug) {
      this.#discard(thrown.found.message)
      return { kind: 'failed', failure: thrown.found }
    }
    const failure = Failure.of(thrown, 'broker-unreachable')
    this.#discard(failure.message)
    if (this.#mode !== 'run') return { kind: 'stopped' }
    if (FINAL.has(failure.code)) return { kind: 'failed', failure }
    if (failure.code === 'fenced' && ++this.#fencings > 1) return { kind: 'fenced', failure }
    const nowMs = this.#scheduler.nowMs()
    if (nowMs - this.#failedMs > FORGIVEN_MS) this.#failures = 0
    this.#failedMs = nowMs
    if (++this.#failures > REBUILDS_MAX) return { kind: 'failed', failure }
    await this.#sleep(backoffMs(this.#failures - 1))
    return null
  }

  #discard(reason: string): void {
    if (this.#task !== null) this.#options.on({ kind: 'discarded', partition: this.partition, reason })
    this.#task = null
    this.#need = null
    this.#needRefusals = 0
    this.#outputs = []
    this.#dirty = false
    this.#broken = null
  }

  #pauseForBudget(paused: boolean): void {
    this.#budgetPaused = paused
    if (paused) this.#port.pause()
    else this.#resumeUnlessPaused()
  }

  #resumeUnlessPaused(): void {
    if (this.#gate === 'open' && !this.#budgetPaused && !this.#suspended) this.#port.resume()
  }

  /** The answer of `promise`, or null if stop or confirm came first. */
  async #unlessCalled<T>(promise: Promise<T>): Promise<{ readonly value: T } | null> {
    if (this.#mode !== 'run' || this.#confirmWanted) {
      promise.catch(() => undefined)
      return null
    }
    const called = new Promise<null>((resolve) => {
      this.#interrupt = () => resolve(null)
    })
    return await Promise.race([promise.then((value) => ({ value })), called])
  }

  #sleepUntil(timeMs: number): Promise<void> {
    return this.#sleep(timeMs - this.#scheduler.nowMs())
  }

  /** Sleeps until something happens, at most `ms`. */
  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = ms === Number.POSITIVE_INFINITY ? () => undefined : this.#scheduler.after(Math.max(0, ms), resolve)
      this.#wakeUp = () => {
        cancel()
        resolve()
      }
    })
  }

  #wake(): void {
    const wakeUp = this.#wakeUp
    this.#wakeUp = null
    wakeUp?.()
  }
}

function backoffMs(attempt: number): number {
  return Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** attempt)
}

/** Something a task threw. */
class Bug {
  readonly found: Error

  constructor(thrown: unknown) {
    this.found = thrown instanceof Error ? thrown : new Error(String(thrown))
  }
}
