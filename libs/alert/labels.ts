// Labels: all that people have said of the records of one stream, as the feedback topic has it. Pure: runs of records in.
// Invariants
//   L1 the last message on a record counts, the order of the topic being the order of time; one without a value, none.
//   L2 a message that is no feedback is counted and its place and fault are kept; it does not take back what was said before.

import { keyBytes, type Records, valueBytes } from '../core/records.ts'
import { type Feedback, feedbackKey, feedbackOf, type Heard } from './feedback.ts'

/** Faults that are kept in full. */
const faultsKept = 5

export interface LabelFaults {
  readonly count: number
  /** The first few, each with where it lies. */
  readonly first: readonly string[]
}

/** What a record is called within its stream and topic: `id/<source.id>` or `<partition>/<offset>`, as it was spoken of. */
export function originOf({ subject }: Feedback): string {
  return subject.kind === 'id' ? `id/${subject.id}` : `${subject.partition}/${subject.offset}`
}

export class Labels {
  readonly #stream: string
  readonly #said = new Map<string, Feedback>()
  readonly #faults: string[] = []
  #faultCount = 0

  constructor(stream: string) {
    this.#stream = stream
  }

  take(partition: number, records: Records): void {
    const text = new TextDecoder()
    for (let i = 0; i < records.count; i++) {
      const key = text.decode(keyBytes(records, i) ?? new Uint8Array(0))
      if (!key.startsWith(`${this.#stream}/`)) continue
      const value = valueBytes(records, i)
      if (value === null) {
        this.#said.delete(key)
        continue
      }
      const heard = this.#heard(key, text.decode(value))
      if ('verdict' in heard) this.#said.set(key, heard)
      else this.#fault(`${partition}/${records.offsets[i]}: ${heard.reason}`)
    }
  }

  /** Undefined where nobody has spoken of the record. */
  at(topic: string, partition: number, offset: number): Feedback | undefined {
    return this.#said.get(`${this.#stream}/${topic}/${partition}/${offset}`)
  }

  /** Of a record as `originOf` (below) names it. */
  ofOrigin(topic: string, origin: string): Feedback | undefined {
    return this.#said.get(`${this.#stream}/${origin.startsWith('id/') ? '' : `${topic}/`}${origin}`)
  }

  ofId(id: string): Feedback | undefined {
    return this.#said.get(feedbackKey(this.#stream, { kind: 'id', id }))
  }

  get all(): Iterable<Feedback> {
    return this.#said.values()
  }

  get size(): number {
    return this.#said.size
  }

  get hasIds(): boolean {
    for (const { subject } of this.#said.values()) if (subject.kind === 'id') return true
    return false
  }

  get faults(): LabelFaults {
    return { count: this.#faultCount, first: this.#faults }
  }

  #heard(key: string, value: string): Heard {
    let json: unknown
    try {
      json = JSON.parse(value)
    } catch {
      return { kind: 'fault', reason: 'it is not JSON' }
    }
    const heard = feedbackOf(json)
    if (!('verdict' in heard)) return heard
    const expected = feedbackKey(this.#stream, heard.subject)
    return key === expected ? heard : { kind: 'fault', reason: `the key is ${key}; its record has ${expected}` }
  }

  #fault(text: string): void {
    this.#faultCount += 1
    if (this.#faults.length < faultsKept) this.#faults.push(text.slice(0, 300))
  }
}
