// Bus: the contract that the kafka, embedded and simulated adapters satisfy; one conformance suite (test/contract/bus) holds
// all three to it. A task is a pure step machine; the adapter does the I/O and makes outputs, state and offset visible
// together or not at all (delivery exactly-once), or outputs before the offset (at-least-once).
// Obligations of an adapter
//   B1 a task sees the committed records of its partition in order, each once, from the committed offset on.
//   B2 what a step published becomes visible in one commit with the offset after it and the checkpoint made after it.
//   B3 a task whose commit fails or is in doubt is thrown away and built again from what is committed.
//   B4 an old owner commits nothing once a new one has been built (fencing).
//   B5 no partition waits for another; bytes waiting in queues stay under one limit, by pausing, never by dropping.

import type { Message } from '../core/message.ts'
import type { Records } from '../core/records.ts'

/** What a step concluded. Outputs wait for the next commit. */
export interface Step {
  readonly outputs: readonly Message[]
  /** Input offset up to which this step has judged. */
  readonly nextOffset: number
  /** Set when the task cannot go on before `RunOptions.resolve` has answered this. */
  readonly need: TaskNeed | null
}

/** Something a task lacks, named by value; the bus passes it to `RunOptions.resolve` and does not look inside. */
export type TaskNeed = { readonly kind: string; readonly id: number }

export interface Task {
  /** Judges `records` from the index `from` on, all of them unless a need stops it. */
  step(records: Records, from: number): Step
  /** Passes over the offsets [from, next), whose batch inflates beyond the limit: one reject for the range, counted by offsets. */
  skip(from: number, next: number): Step
  /** Time without records; at most once a second. */
  tick(timeMs: number): Step
  /** State messages for the commit of everything stepped so far, the ledger last. Called once a commit, right before it. */
  checkpoint(): readonly Message[]
  supply(need: TaskNeed, answer: string | 'absent'): void
}

export interface PartitionRange {
  /** First offset still held. */
  readonly first: number
  /** Offset after the last committed record. */
  readonly next: number
}

/** Reading, bounded: what a task is restored with and a trainer learns from. */
export interface Reader {
  partitions(topic: string): Promise<number>
  range(topic: string, partition: number): Promise<PartitionRange>
  /** Committed records with offsets in [from, to), in runs, in order; ends by position, not by the last visible record. */
  read(topic: string, partition: number, from: number, to: number): AsyncIterable<Records>
  /** The first offset whose record has a timestamp ≥ timeMs, or `next` of the range. */
  offsetAt(topic: string, partition: number, timeMs: number): Promise<number>
}

export interface Assignment {
  readonly partition: number
  /** The offset this group has committed, or null if it never has. */
  readonly committed: number | null
}

/** A built task and where it stands. */
export interface Built {
  readonly task: Task
  /** The offset of the first record to step. */
  readonly position: number
}

export type Delivery = 'exactly-once' | 'at-least-once'

export type TaskEvent =
  | { readonly kind: 'assigned'; readonly partitions: readonly number[] }
  | { readonly kind: 'live'; readonly partition: number; readonly position: number }
  /** A transaction was formed and is on its way. */
  | { readonly kind: 'committing'; readonly partition: number; readonly offset: number }
  | {
      readonly kind: 'committed'
      readonly partition: number
      readonly offset: number
      /** What the commit made visible, state messages left out. */
      readonly outputs: readonly Message[]
      readonly durationMs: number
    }
  | { readonly kind: 'discarded'; readonly partition: number; readonly reason: string }
  | {
      readonly kind: 'transaction'
      readonly result: 'committed' | 'aborted' | 'fenced' | 'indefinite'
    }
  | { readonly kind: 'rebalanced' }
  | { readonly kind: 'lag'; readonly partition: number; readonly records: number }
  | { readonly kind: 'buffered'; readonly bytes: number; readonly bytesMax: number }
  | { readonly kind: 'failed'; readonly failure: Error }

export interface RunOptions {
  readonly topic: string
  /** Consumer group; transactional ids are `<group>.<topic>.<partition>`. */
  readonly group: string
  readonly delivery: Delivery
  /**
   * A commit with outputs is made at once, but not sooner than this after the last, or four times this while fetched records
   * wait; one without, after idleCommitMs.
   */
  readonly commitMsMin: number
  readonly idleCommitMs: number
  readonly bufferedBytesMax: number
  /** Restores or makes the task of a partition, after the former owner is fenced off and the offset read. */
  build(assignment: Assignment, reader: Reader): Promise<Built>
  /** Fetches what a task needs; rejects with Failure to be asked again later. */
  resolve(need: TaskNeed): Promise<string | 'absent'>
  on(event: TaskEvent): void
}

export interface Running {
  /** Commits what is judged, leaves the group, disconnects. Idempotent. */
  stop(): Promise<void>
  /** Resolves when it ended by `stop`; rejects with the Failure that ended it. */
  readonly ended: Promise<void>
}

export interface Following {
  /** Resolves once every record that existed at the start was handed over. */
  readonly caughtUp: Promise<void>
  stop(): Promise<void>
}

export interface TopicSettings {
  readonly topic: string
  readonly partitions: number
  readonly cleanup: 'compact' | 'delete'
  /** null = the broker's default. */
  readonly retentionMs: number | null
  /**
   * Which time retention goes by: the records' own (absent), or that of appending. Replaying old history makes old alerts,
   * which would be deleted at once by their own time.
   */
  readonly timestamps?: 'append'
}

export interface Published {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface Bus extends Reader {
  /** Creates what is missing; Failure('topic-mismatch') where a topic exists with fewer partitions. */
  ensureTopics(topics: readonly TopicSettings[]): Promise<void>
  /** Runs one task per assigned partition until stopped. */
  run(options: RunOptions): Promise<Running>
  /** All records of all partitions of a topic from the beginning, then as they come. */
  follow(topic: string, each: (partition: number, records: Records) => void): Promise<Following>
  /** Publishes outside a task, all or nothing per topic partition, in the order given; answers where each message went. */
  publish(messages: readonly Message[]): Promise<readonly Published[]>
  /**
   * Compare-and-set. Fences every other holder of `id`, lets `decide` read and decide, then publishes its messages in one
   * transaction. Another holder that came in between makes it reject with Failure('fenced').
   */
  exclusively(id: string, decide: (reader: Reader) => Promise<readonly Message[]>): Promise<void>
  close(): Promise<void>
}
