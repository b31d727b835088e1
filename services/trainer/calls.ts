// Calls: what people said of records, met again in a replay, where each record has its key, its time and its row. A word on a
// record concerns every row that contains it: of windows, those of its key's next records too.
// Invariants
//   C1 a row that contains both a record called anomalous and one called normal contains an anomaly.
//   C2 every call is kept; the rows of them that the gate is to judge are bounded, and the latest stay.

import type { FeedbackVerdict } from '../../libs/alert/feedback.ts'
import { type Labels, originOf } from '../../libs/alert/labels.ts'

export interface Call {
  readonly verdict: FeedbackVerdict
  /** Hash of the record's key. */
  readonly key: number
  readonly timeMs: number
  /** What the record is called (libs/alert/labels). */
  readonly origin: string
  /** The row that ends with the record; null where there is none that can be used. */
  readonly row: Float32Array | null
}

/** A record that the state has taken in. */
export interface Met {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: number
  readonly timeMs: number
  /** Its `source.id`, asked for only where labels name records so. */
  readonly id: () => string | null
  /** Copies its row; null where there is none that can be used. */
  readonly row: () => Float32Array | null
}

/** Numbers in rows that are kept for the gate. */
const cellsMax = 4_194_304

export class Calls {
  readonly #labels: Labels
  readonly #steps: number
  readonly #rowsMax: number
  readonly #byId: boolean
  /** Rows of a key still to come that contain such a record. */
  readonly #anomalous = new Map<number, number>()
  readonly #normal = new Map<number, number>()
  readonly #met: Call[] = []
  #withRows = 0

  constructor(labels: Labels, steps: number, width: number) {
    this.#labels = labels
    this.#steps = steps
    this.#rowsMax = Math.max(1, Math.floor(cellsMax / width))
    this.#byId = labels.hasIds
  }

  /** Nobody has said anything: records need not be shown. */
  get isSilent(): boolean {
    return this.#labels.size === 0
  }

  /** What was said of any record in the row that ends with this one; every record of every key is to be shown, in order. */
  meet(record: Met): 'anomaly' | 'normal' | null {
    const { topic, partition, offset, key, timeMs } = record
    const id = this.#byId ? record.id() : null
    const said = this.#labels.at(topic, partition, offset) ?? (id === null ? undefined : this.#labels.ofId(id))
    if (said !== undefined) {
      const { verdict } = said
      const open = verdict === 'anomaly' ? this.#anomalous : this.#normal
      open.set(key, this.#steps)
      this.#met.push({ verdict, key, timeMs, origin: originOf(said), row: record.row() })
      this.#withRows++
      if (this.#withRows > 2 * this.#rowsMax) this.#forgetRows()
    }
    const isNormal = counted(this.#normal, key)
    if (counted(this.#anomalous, key)) return 'anomaly'
    return isNormal ? 'normal' : null
  }

  get met(): readonly Call[] {
    this.#forgetRows()
    return this.#met
  }

  /** Of all but the latest by their time: a replay shows one partition after the other. */
  #forgetRows(): void {
    const kept = [...this.#met.keys()].filter((i) => this.#met[i]?.row !== null)
    kept.sort((a, b) => (this.#met[a] as Call).timeMs - (this.#met[b] as Call).timeMs || a - b)
    for (const i of kept.slice(0, Math.max(0, kept.length - this.#rowsMax))) {
      this.#met[i] = { ...(this.#met[i] as Call), row: null }
    }
    this.#withRows = Math.min(kept.length, this.#rowsMax)
  }
}

function counted(open: Map<number, number>, key: number): boolean {
  const left = open.get(key)
  if (left === undefined) return false
  if (left === 1) open.delete(key)
  else open.set(key, left - 1)
  return true
}
