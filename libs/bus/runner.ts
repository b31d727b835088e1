// Runner: the loop of one partition's task, the same for every adapter: fence, build, judge, commit, recover. It does no
// I/O of its own: records are offered to it, everything else goes through its port. Owns the task.
// Invariants
//   L1 an offset is committed only in one commit with all outputs of the records before it and the checkpoint made after
//      them (I1, I3); what is judged while a commit is under way belongs to the next.
//   L2 `checkpoint` is called exactly when a transaction is formed, so a task that changes detectors only at its first step
//      after a checkpoint gives every transaction one detector (I4).
//   L3 before a task is built the former owner is fenced off, and only then the committed offset is read. A commit that fails
//      or is in doubt leads here too: crash and recovery are one path. A task is kept only if nothing of it is uncommitted
//      and the offset read is the one that it committed last.
//   L4 what a task throws is a bug and ends the run; what a port or a build rejects with is the world, and is tried again.
//   L5 a turn of the event loop judges at most PIECE_RECORDS_MAX records, fewer when they take longer than TURN_MS.

import assert from 'node:assert/strict'
import { Failure } from '../core/failure.ts'
import { indexAt } from '../core/records.ts'
import type { Reader, RunOptions, Step, Task, TaskNeed } from './bus.ts'
import type { Share } from './byte-budget.ts'
import type { Fetched } from './fetched.ts'
import { Intake } from './intake.ts'
import { Pending } from './pending.ts'
import type { Port } from './port.ts'
import type { Run } from './record-reader.ts'
import { backoffMs, Recovery } from './recovery.ts'
import type { Scheduler } from './scheduler.ts'
import { Wait } from './wait.ts'

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

export const TICK_MS = 1000
const PIECE_RECORDS_MAX = 8192
const PIECE_RECORDS_MIN = 64
const TURN_MS = 10
/** Outputs held for the next transaction; judging waits for the commit under way beyond it. */
const HELD_OUTPUTS_MAX = 4096

export class Runner {
  readonly ended: Promise<RunnerEnd>
  readonly partition: number
  readonly #port: Port
  readonly #options: RunOptions
  readonly #reader: Reader
  readonly #scheduler: Scheduler
  readonly #intake: Intake
  readonly #pending: Pending
  readonly #recovery = new Recovery()
  readonly #wait: Wait

  #mode: 'run' | 'drain' | 'abandon' = 'run'
  /** False from a fence on until the task is in place. */
  #live = false
  #suspended = false
  #confirmWanted = false
  #broken: Failure | null = null

  #task: Task | null = null
  #piece: Run | null = null
  #index = 0
  #pieceRecordsMax = PIECE_RECORDS_MAX
  #need: TaskNeed | null = null
  #needRefusals = 0
  #judged = 0
  #committed: number | null = null
  #tickMs = 0
  #underWay: Promise<void> | null = null

  constructor(spec: RunnerSpec) {
    this.partition = spec.partition
    this.#port = spec.port
    this.#options = spec.options
    this.#reader = spec.reader
    this.#scheduler = spec.scheduler
    this.#intake = new Intake(spec.port, spec.share)
    this.#pending = new Pending(spec.options)
    this.#wait = new Wait(spec.scheduler)
    this.ended = this.#main()
  }

  /** The offset up to which it has judged. */
  get position(): number {
    return this.#judged
  }

  /** Queues what was fetched. Never refuses for want of room: the port is told to pause. */
  offer(fetched: Fetched): void {
    this.#broken ??= this.#intake.offer(fetched)
    this.#wait.wake()
  }

  /** The group rebalances: commits what is judged and takes nothing more until `confirm`. */
  suspend(): void {
    this.#suspended = true
    this.#intake.freeze()
    this.#wait.wake()
  }

  /** The partition was assigned again: fences and reads the offset anew, since it may have been another's in between. */
  confirm(): void {
    this.#suspended = false
    this.#confirmWanted = true
    this.#intake.freeze()
    this.#recovery.assigned()
    this.#wait.callOff()
    this.#wait.wake()
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
    this.#wait.callOff()
    this.#wait.wake()
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
    this.#intake.leave()
    // What an abandoned partition has under way is ended by closing, or by the fence of its new owner.
    if (this.#mode !== 'abandon') await this.#underWay
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
    const clean = !this.#pending.dirty && this.#broken === null && committed === this.#committed
    if (this.#task !== null && !clean) this.#discard('its offset was moved or its records were not committed')
    this.#committed = committed
    this.#broken = null
    if (this.#task === null) {
      const assignment = { partition: this.partition, committed }
      const built = this.#confirmWanted ? null : await this.#wait.answer(this.#options.build(assignment, this.#reader))
      if (built === null || this.#mode !== 'run') return
      this.#task = built.value.task
      this.#judged = built.value.position
    }
    await this.#open()
    this.#live = true
    this.#options.on({ kind: 'live', partition: this.partition, position: this.#judged })
  }

  /** Nothing is accepted any more; what was queued will be fetched again. */
  #shut(): void {
    this.#piece = null
    this.#intake.shut()
  }

  async #open(): Promise<void> {
    this.#tickMs = this.#scheduler.nowMs() + TICK_MS
    await this.#intake.open(this.#judged)
    if (this.#suspended || this.#confirmWanted) this.#intake.freeze()
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
      if (this.#suspended || this.#pending.outputs >= HELD_OUTPUTS_MAX) {
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
    this.#piece = this.#intake.take(this.#pieceRecordsMax)
    this.#index = 0
    return this.#piece !== null
  }

  #step(): void {
    const piece = this.#piece
    if (piece === null) return
    this.#piece = null
    const startMs = this.#scheduler.nowMs()
    this.#pending.touch(startMs)
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
    this.#pending.add(step.outputs, this.#scheduler.nowMs())
    this.#judged = Math.max(this.#judged, step.nextOffset)
    if (step.need !== null) this.#need = step.need
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
    if (!this.#pending.dirty || this.#underWay !== null) return Number.POSITIVE_INFINITY
    return this.#suspended ? Number.NEGATIVE_INFINITY : this.#pending.dueMs(this.#intake.queue)
  }

  /** Forms a transaction of everything judged so far (L1, L2). */
  #commit(): void {
    const { partition } = this
    const offset = this.#judged
    const formedMs = this.#scheduler.nowMs()
    const state = this.#ask((task) => task.checkpoint())
    const outputs = this.#pending.take(formedMs)
    this.#options.on({ kind: 'committing', partition, offset })
    this.#underWay = this.#port.commit([...outputs, ...state], offset).then(
      () => {
        this.#underWay = null
        this.#committed = offset
        this.#recovery.progressed()
        const durationMs = this.#scheduler.nowMs() - formedMs
        this.#options.on({ kind: 'committed', partition, offset, outputs, durationMs })
        this.#wait.wake()
      },
      (thrown: unknown) => {
        this.#underWay = null
        this.#broken = Failure.of(thrown, 'commit-unknown')
        this.#wait.wake()
      },
    )
  }

  /** Commits everything judged and waits for it. */
  async #flush(): Promise<void> {
    while (this.#broken === null && (this.#pending.dirty || this.#underWay !== null)) {
      if (this.#underWay === null) this.#commit()
      await this.#underWay
    }
    if (this.#broken !== null) throw this.#broken
  }

  /** Commits what is done, then asks until the need is answered; a refusal gives the queue's bytes to others (B5). */
  async #meet(need: TaskNeed): Promise<void> {
    await this.#flush()
    if (this.#mode !== 'run' || this.#confirmWanted) return
    let answered: { readonly value: string | 'absent' } | null
    try {
      answered = await this.#wait.answer(this.#options.resolve(need))
    } catch {
      // Whatever keeps the answer away is not the record's fault: it waits.
      this.#shut()
      await this.#wait.sleep(backoffMs(this.#needRefusals++))
      return
    }
    if (answered === null) return
    const answer = answered.value
    this.#ask((task) => task.supply(need, answer))
    this.#need = null
    if (this.#needRefusals > 0) await this.#open()
    this.#needRefusals = 0
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
    const remedy = this.#recovery.remedy(failure, this.#scheduler.nowMs())
    if (remedy.kind !== 'again') return { kind: remedy.kind, failure }
    if (!this.#confirmWanted) await this.#wait.sleep(remedy.inMs)
    return null
  }

  #discard(reason: string): void {
    if (this.#task !== null) this.#options.on({ kind: 'discarded', partition: this.partition, reason })
    this.#task = null
    this.#need = null
    this.#needRefusals = 0
    this.#pending.clear()
    this.#broken = null
  }

  #sleepUntil(timeMs: number): Promise<void> {
    return this.#wait.sleep(timeMs - this.#scheduler.nowMs())
  }
}

/** Something a task threw. */
class Bug {
  readonly found: Error

  constructor(thrown: unknown) {
    this.found = thrown instanceof Error ? thrown : new Error(String(thrown))
  }
}
