// Task: judges one input partition. A pure step machine: a run of records in, verdicts and messages out; it never awaits,
// reads no clock and knows no bus. Scorer, simulation, replay and audit share it.
// Invariants
//   T1 every record gets exactly one outcome, counted and chained in offset order (I1).
//   T2 the detector changes only at the first step after a checkpoint, so that all outcomes of one transaction carry one
//      version (I4); each change is an event that names the offset from which it holds, and so is the first choice after a
//      beginning, though it be none.
//   T3 ids depend on the record's position alone (I5).
//   T4 what a step could not judge for want of a schema is left to the next step, whole.
//   T5 the threshold of a row follows from the detector in force and the scores since it took over (score-memory.ts), and
//      from nothing else: not from how records were cut into batches and transactions. It may change within a transaction;
//      a change of regime is an event that names the offset from which it holds, and every alert says what judged it.

import { detectorSwitched } from '../alert/events.ts'
import { rejectMessage } from '../alert/rejects.ts'
import type { Topics } from '../alert/topics.ts'
import { confluentIdAt } from '../codec/framing.ts'
import type { Message } from '../core/message.ts'
import { type Records, recordsOf } from '../core/records.ts'
import { LEARNING, NORMAL, OUTCOMES, REJECTED, reasonOf, rejected } from '../core/verdict.ts'
import type { Detector } from '../detector/detector.ts'
import type { Fold } from '../stream/fold.ts'
import type { TailKind } from '../stream/spec.ts'
import type { Stream } from '../stream/stream.ts'
import { Chain } from './chain.ts'
import { bucketKey, Checkpoint } from './checkpoint.ts'
import { Judge } from './judge.ts'
import { type DetectorInForce, encodeLedger } from './ledger.ts'
import type { Remembered } from './remembered.ts'
import type { Restored } from './restore.ts'

/** What judges, or null while there is none. `threshold` is the pointer's where it overrides the artefact's. */
export interface InForce {
  readonly detector: Detector
  readonly threshold: number
  /** The spec's, unless said otherwise. */
  readonly tail?: TailKind
}

export interface TaskOptions {
  readonly stream: Stream
  readonly fold: Fold
  readonly topics: Topics
  readonly partition: number
  readonly restored: Restored
  readonly inForce: InForce | null
  /** Sees the scores of each chunk, for metrics; must not keep the array. */
  readonly scored: (scores: Float32Array, count: number, threshold: number) => void
}

interface Stepped {
  readonly outputs: readonly Message[]
  readonly nextOffset: number
  readonly need: { readonly kind: string; readonly id: number } | null
}

export class StreamTask {
  /** Cumulative, by outcome byte, since the beginning (libs/task/ledger). */
  readonly counts: Float64Array
  readonly #options: TaskOptions
  readonly #fold: Fold
  readonly #chain: Chain
  readonly #checkpoint: Checkpoint
  readonly #judge: Judge
  readonly #absentSchemas: number[]
  #inForce: InForce | null
  /** What the events topic says; undefined where it says nothing since the beginning. */
  #recorded: string | null | undefined
  /** What the ledger says judged last; what is asked takes over with the next record. */
  #lastJudge: DetectorInForce | null
  /** What the ledger remembers of its scores, until it judges again or another does. */
  #left: Remembered | null
  #offered: InForce | null | undefined
  #betweenTransactions = true
  #nextOffset: number
  #timestampMs = 0

  constructor(options: TaskOptions) {
    const { restored, fold, stream } = options
    this.#options = options
    this.#fold = fold
    this.counts = restored.ledger?.counts ?? new Float64Array(OUTCOMES)
    this.#chain = new Chain(restored.ledger?.chain)
    this.#absentSchemas = [...(restored.ledger?.absentSchemas ?? [])]
    this.#recorded = restored.ledger === null ? undefined : name(restored.ledger.detector)
    this.#inForce = options.inForce
    this.#nextOffset = restored.position
    this.#judge = new Judge(options)
    this.#lastJudge = restored.ledger?.detector ?? null
    this.#left = restored.ledger?.memory ?? null
    const asked = this.#asked()
    if (name(asked) === this.#recorded) this.#takeOver(asked, this.#left)
    this.#checkpoint = new Checkpoint({
      fold,
      topic: options.topics.state,
      partition: options.partition,
      revision: stream.revision,
      bucketOffsets: restored.bucketOffsets,
      bucketWritten: restored.bucketWritten,
      position: restored.position,
    })
  }

  get nextOffset(): number {
    return this.#nextOffset
  }

  /** Timestamp of the last record judged, ms; 0 before the first. */
  get timestampMs(): number {
    return this.#timestampMs
  }

  get inForce(): InForce | null {
    return this.#inForce
  }

  /** The threshold of the next row over the one that the detector began with; 0 while nothing judges. */
  get thresholdRatio(): number {
    const own = this.#inForce?.threshold ?? 0
    return own > 0 ? (this.#judge.memory?.threshold ?? 0) / own : 0
  }

  get memory(): Remembered | null {
    return this.#judge.memory?.remembered ?? this.#left
  }

  get chain(): readonly [number, number] {
    return this.#chain.value
  }

  /** Takes effect between transactions. */
  offer(inForce: InForce | null): void {
    this.#offered = inForce
  }

  step(records: Records, from: number): Stepped {
    const outputs: Message[] = []
    let index = from
    let need: Stepped['need'] = null
    while (index < records.count && need === null) {
      this.#settleDetector(outputs, records.offsets[index] as number, records.timestampsMs[index] as number)
      const reached = this.#take(records, index, Math.min(index + this.#fold.rowsMax, records.count), outputs)
      if (reached > index) this.#timestampMs = records.timestampsMs[reached - 1] as number
      index = reached
      need = this.#fold.need
    }
    this.#nextOffset = index < records.count ? (records.offsets[index] as number) : records.nextOffset
    return { outputs, nextOffset: this.#nextOffset, need }
  }

  /** Passes over offsets [from, next), whose batch inflates beyond the limit: one reject for the range, counted by offsets. */
  skip(from: number, next: number): Stepped {
    const outputs: Message[] = []
    this.#settleDetector(outputs, from, this.#timestampMs)
    const outcome = rejected('batch-too-large')
    const offsets = Float64Array.from({ length: next - from }, (_, i) => from + i)
    this.#chain.add(offsets, 0, new Uint8Array(offsets.length).fill(outcome), offsets.length)
    this.counts[outcome] = (this.counts[outcome] as number) + offsets.length
    const range = new TextEncoder().encode(`${from}-${next - 1}`)
    const stub = { key: null, value: null, timestampMs: this.#timestampMs, offset: from }
    outputs.push(this.#reject(recordsOf([{ ...stub, headers: [['plumbline-offsets', range]] }]), 0, outcome))
    this.#nextOffset = next
    return { outputs, nextOffset: next, need: null }
  }

  tick(_timeMs: number): Stepped {
    return { outputs: [], nextOffset: this.#nextOffset, need: null }
  }

  supply(need: { readonly kind: string; readonly id: number }, answer: string | 'absent'): void {
    if (answer === 'absent') this.#absentSchemas.push(need.id)
    this.#fold.supply(need.id, answer)
  }

  checkpoint(): readonly Message[] {
    const { topics, partition, stream } = this.#options
    const messages = this.#checkpoint.messages(this.#nextOffset, this.#timestampMs)
    this.#betweenTransactions = true
    const ledger = encodeLedger({
      revision: stream.revision,
      beginning: this.#options.restored.beginning,
      nextOffset: this.#nextOffset,
      detector: this.#lastJudge,
      memory: this.memory,
      counts: this.counts,
      chain: this.#chain.value,
      bucketOffsets: this.#checkpoint.bucketOffsets,
      bucketWritten: this.#checkpoint.bucketWritten,
      absentSchemas: this.#absentSchemas,
    })
    messages.push({
      topic: topics.state,
      partition,
      key: bucketKey(stream.revision, 'ledger'),
      value: ledger,
      headers: [],
      timestampMs: this.#timestampMs,
    })
    return messages
  }

  /** What was asked to judge. */
  #asked(): DetectorInForce | null {
    if (this.#inForce === null) return null
    const { detector, threshold, tail } = this.#inForce
    return { version: detector.version, threshold, tail: tail ?? this.#options.stream.spec.detector.tail }
  }

  #takeOver(asked: DetectorInForce | null, state: Remembered | null): void {
    const detector = this.#inForce?.detector ?? null
    if (asked === null || detector === null) this.#judge.stop()
    else this.#judge.takeOver(detector, asked, state)
  }

  #settleDetector(outputs: Message[], offset: number, timestampMs: number): void {
    if (!this.#betweenTransactions) return
    this.#betweenTransactions = false
    if (this.#offered !== undefined) {
      this.#inForce = this.#offered
      this.#offered = undefined
    }
    const now = this.#asked()
    this.#lastJudge = now
    if (name(now) === this.#recorded) {
      // The same may come as another object, whose rows lie elsewhere, or after another that never judged.
      if (this.#judge.detector !== (this.#inForce?.detector ?? null)) this.#takeOver(now, this.memory)
      return
    }
    this.#recorded = name(now)
    this.#left = null
    this.#takeOver(now, null)
    const { topics, partition, stream } = this.#options
    outputs.push(
      detectorSwitched({
        topic: topics.events,
        stream: stream.spec.stream,
        inputTopic: stream.spec.source.topic,
        partition,
        offset,
        version: now?.version ?? null,
        threshold: now?.threshold ?? null,
        tail: now?.tail ?? 'fixed',
        timestampMs,
      }),
    )
  }

  /** Folds, scores and judges records [from, to), at most rowsMax; answers the index reached. */
  #take(records: Records, from: number, to: number, outputs: Message[]): number {
    const fold = this.#fold
    const detector = this.#inForce?.detector ?? null
    const reached = fold.fold(records, from, to, detector === null ? null : detector.input)
    const count = reached - from
    const outcomes = fold.outcomes
    const rowCount = fold.rowCount
    if (detector === null) {
      for (let i = 0; i < count; i++) if (outcomes[i] === NORMAL) outcomes[i] = LEARNING
    } else if (rowCount > 0) {
      this.#judge.judge(records, from, outputs)
    }
    const counts = this.counts
    for (let i = 0; i < count; i++) {
      const outcome = outcomes[i] as number
      counts[outcome] = (counts[outcome] as number) + 1
      if (outcome >= REJECTED) outputs.push(this.#reject(records, from + i, outcome))
    }
    this.#chain.add(records.offsets, from, outcomes, count)
    this.#checkpoint.judged(count)
    return reached
  }

  #reject(records: Records, index: number, outcome: number): Message {
    const { stream, topics, partition } = this.#options
    const { schema } = stream.spec.source
    const framed = schema.kind === 'registry' || (schema.kind === 'text' && schema.framing === 'confluent')
    const schemaId = framed ? confluentIdAt(records, index) : -1
    return rejectMessage({
      topic: topics.rejects,
      stream: stream.spec.stream,
      inputTopic: stream.spec.source.topic,
      partition,
      records,
      index,
      reason: reasonOf(outcome) ?? 'undecodable',
      version: this.#inForce?.detector.version ?? null,
      schemaId: schemaId < 0 ? null : schemaId,
    })
  }
}

function name(asked: DetectorInForce | null): string | null {
  return asked === null ? null : `${asked.version}@${asked.threshold}/${asked.tail}`
}
