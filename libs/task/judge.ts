// Judge: holds the rows of one partition against the threshold that its memory of scores gives, and says what came of it:
// alerts, changes of regime. Owns the memory (score-memory.ts), of one detector at a time.
// Invariants
//   J1 every alert names the threshold that judged its row; rows are judged in their order, in runs of one threshold.
//   J2 a change of regime is announced once, with the first offset that it holds for, and asks once for a training.

import assert from 'node:assert/strict'
import { alertMessage } from '../alert/alert-message.ts'
import { eventMessage } from '../alert/events.ts'
import type { Topics } from '../alert/topics.ts'
import { trainRequest } from '../alert/train-request.ts'
import type { Message } from '../core/message.ts'
import type { Records } from '../core/records.ts'
import { ANOMALOUS } from '../core/verdict.ts'
import type { Detector } from '../detector/detector.ts'
import type { Fold } from '../stream/fold.ts'
import type { TailKind } from '../stream/spec.ts'
import type { Stream } from '../stream/stream.ts'
import type { Change, Rows } from './regime.ts'
import type { Remembered } from './remembered.ts'
import { ScoreMemory } from './score-memory.ts'

export interface JudgeOptions {
  readonly stream: Stream
  readonly fold: Fold
  readonly topics: Topics
  readonly partition: number
  /** Sees the scores of each run of rows, for metrics; must not keep the array. */
  readonly scored: (scores: Float32Array, count: number, threshold: number) => void
}

interface Anomaly {
  readonly row: number
  /** What judged it. */
  readonly threshold: number
}

const none: number[] = []

export class Judge {
  detector: Detector | null = null
  memory: ScoreMemory | null = null
  /** Share of rows that should alarm. */
  budget = 0
  readonly #options: JudgeOptions
  readonly #fold: Fold
  readonly #scores: Float32Array
  /** Scores over their keys' factors, as the memory takes them; filled only where it listens. */
  readonly #relative: Float32Array
  readonly #rows: Rows
  /** First record of the chunk that is judged. */
  #from = 0

  constructor(options: JudgeOptions) {
    const { fold } = options
    this.#options = options
    this.#fold = fold
    this.#scores = new Float32Array(fold.rowsMax)
    this.#relative = new Float32Array(fold.rowsMax)
    this.#rows = {
      scores: this.#relative,
      keyOf: (row) => fold.keyHashes[2 * ((fold.rowRecord[row] as number) - this.#from)] as number,
    }
  }

  /** `state`: what is remembered of this detector's scores; null to begin. */
  takeOver(
    detector: Detector,
    { threshold, tail }: { readonly threshold: number; readonly tail: TailKind },
    state: Remembered | null,
  ): void {
    this.detector = detector
    this.budget = detector.pValue(threshold)
    const { tailShape } = detector
    const windowRows = this.#options.stream.spec.window.rows
    this.memory = new ScoreMemory({ threshold, budget: this.budget, tail, tailShape, windowRows }, state)
  }

  stop(): void {
    this.detector = null
    this.memory = null
  }

  /** Judges the rows that the fold made of records from `from` on, in runs of rows of one threshold. */
  judge(records: Records, from: number, outputs: Message[]): void {
    const { detector, memory } = this
    assert.ok(detector !== null && memory !== null, 'somebody judges')
    const { rowRecord, rowCount } = this.#fold
    this.#from = from
    detector.score(rowCount, this.#scores)
    const anomalies: Anomaly[] = []
    for (let row = 0; row < rowCount; ) {
      const { threshold } = memory
      const to = Math.min(rowCount, row + memory.rowsLeft)
      const alarms = this.#above(detector, records, row, to, threshold)
      for (const each of alarms) anomalies.push({ row: each, threshold })
      this.#options.scored(this.#scores.subarray(row, to), to - row, threshold)
      if (memory.isListening) this.#relate(detector, records, row, to)
      const change = memory.take(this.#rows, row, to, alarms)
      if (change !== null) this.#announce(detector, change, records, rowRecord[to - 1] as number, outputs)
      row = to
    }
    if (anomalies.length === 0) return
    // Copied first: explaining runs the kernel again, in the memory that the rows lie in.
    const { input } = detector
    const width = this.#options.stream.width
    const rows = anomalies.map(({ row }) => input.slice(row * width, (row + 1) * width))
    for (const [i, anomaly] of anomalies.entries())
      outputs.push(this.#alert(detector, records, anomaly, rows[i] as Float32Array))
  }

  /** Marks the rows [row, to) that are anomalous, and answers them. */
  #above(detector: Detector, records: Records, from: number, to: number, threshold: number): readonly number[] {
    const least = threshold * detector.factorMin
    const scores = this.#scores
    const { rowRecord, outcomes } = this.#fold
    let found: number[] = none
    for (let row = from; row < to; row++) {
      // Of its key it is asked only where it matters: a key's text costs more than a score.
      if (!((scores[row] as number) > least)) continue
      const record = rowRecord[row] as number
      if (!((scores[row] as number) > threshold * detector.factorOf(this.#fold.keyText(records, record)))) continue
      outcomes[record - this.#from] = ANOMALOUS
      if (found === none) found = []
      found.push(row)
    }
    return found
  }

  #relate(detector: Detector, records: Records, from: number, to: number): void {
    const { rowRecord } = this.#fold
    this.#relative.set(this.#scores.subarray(from, to), from)
    if (!detector.hasFactors) return
    for (let row = from; row < to; row++) {
      const key = this.#fold.keyText(records, rowRecord[row] as number)
      this.#relative[row] = (this.#scores[row] as number) / detector.factorOf(key)
    }
  }

  #announce(detector: Detector, change: Change, records: Records, index: number, outputs: Message[]): void {
    const { topics, partition, stream } = this.#options
    const atMs = records.timestampsMs[index] as number
    const { version } = detector
    const { budget } = this
    const about = {
      stream: stream.spec.stream,
      atMs,
      topic: stream.spec.source.topic,
      partition,
      offset: (records.offsets[index] as number) + 1,
      version,
      thresholdBefore: change.before,
      thresholdAfter: change.after,
    }
    switch (change.kind) {
      case 'changed': {
        outputs.push(eventMessage(topics.events, { kind: 'regime-changed', ...about, rate: change.rate, budget }))
        const request = { kind: 'train', stream: about.stream, because: 'regime-changed', version } as const
        outputs.push(trainRequest(topics.control, request, atMs))
        break
      }
      case 'returned':
        outputs.push(eventMessage(topics.events, { kind: 'regime-returned', ...about }))
        break
      default:
        change satisfies never
    }
  }

  #alert(detector: Detector, records: Records, { row, threshold }: Anomaly, values: Float32Array): Message {
    const { stream, topics, partition } = this.#options
    const index = this.#fold.rowRecord[row] as number
    const score = this.#scores[row] as number
    const key = this.#fold.keyText(records, index)
    const factor = detector.factorOf(key)
    return alertMessage({
      topic: topics.alerts,
      stream,
      partition,
      offset: records.offsets[index] as number,
      key,
      eventTimeMs: this.#fold.eventTimesMs[index - this.#from] as number,
      timestampMs: records.timestampsMs[index] as number,
      score,
      threshold: threshold * factor,
      pValue: detector.pValue(score / factor),
      version: detector.version,
      row: values,
      explanation: detector.explain(values),
    })
  }
}
