// A task for histories: it gives every record an outcome, keeps a state by key and a ledger with counts and a chain, and
// rebuilds itself from the state topic. Small, so that a history is about the bus; its rules are those of the real task.
// What it ought to do is computed a second time by `recomputed`, from the input alone.

import type { Assignment, Built, Reader, Step, Task } from '../../libs/bus/bus.ts'
import type { Message } from '../../libs/core/message.ts'
import { keyBytes, type Records, valueBytes } from '../../libs/core/records.ts'

export const STREAM = 'stream'
export const topics = { input: 'input', alerts: 'alerts', rejects: 'rejects', state: 'state' } as const

export interface Ledger {
  readonly from: number
  readonly next: number
  readonly normal: number
  readonly alerts: number
  readonly rejects: number
  readonly chain: number
  readonly keys: Readonly<Record<string, number>>
  readonly version: number
}

export interface Alert {
  readonly id: string
  readonly partition: number
  readonly offset: number
  readonly version: number
}

/** Ways in which a task can be wrong; tests plant them to see the checker find them. */
export type Flaw = 'none' | 'poison-throws' | 'random-id' | 'model-per-record'

export interface JudgeOptions {
  readonly flaw: Flaw
  /** The detector version in force now. */
  readonly version: () => number
  /** Something that differs between any two calls. */
  readonly nonce: () => string
}

export function emptyLedger(): Ledger {
  return { from: 0, next: 0, normal: 0, alerts: 0, rejects: 0, chain: 7, keys: {}, version: 0 }
}

export function idOf(partition: number, offset: number): string {
  return `${STREAM}/${topics.input}/${partition}/${offset}`
}

/** The ledger after one more record. */
export function folded(ledger: Ledger, offset: number, key: string, value: string): Ledger {
  const kind = value.startsWith('a') ? 'alerts' : value.startsWith('p') ? 'rejects' : 'normal'
  const chain = (Math.imul(ledger.chain, 31) + offset * 7 + kind.length) | 0
  const state = (Math.imul(ledger.keys[key] ?? 1, 33) + offset + value.length) | 0
  const keys = kind === 'rejects' ? ledger.keys : { ...ledger.keys, [key]: state }
  return { ...ledger, [kind]: ledger[kind] + 1, chain, keys, next: offset + 1 }
}

export class Judge implements Task {
  readonly #options: JudgeOptions
  readonly #partition: number
  #ledger: Ledger
  #from: number
  #atCheckpoint = true
  #version = 0

  constructor(options: JudgeOptions, partition: number, ledger: Ledger) {
    this.#options = options
    this.#partition = partition
    this.#ledger = ledger
    this.#from = ledger.next
  }

  step(records: Records, from: number): Step {
    if (this.#atCheckpoint) this.#version = this.#options.version()
    this.#atCheckpoint = false
    const outputs: Message[] = []
    for (let i = from; i < records.count; i++) {
      const offset = records.offsets[i] ?? -1
      const key = Buffer.from(keyBytes(records, i) ?? []).toString()
      const value = Buffer.from(valueBytes(records, i) ?? []).toString()
      this.#ledger = folded(this.#ledger, offset, key, value)
      if (value.startsWith('a')) outputs.push(this.#alert(offset))
      if (value.startsWith('p')) outputs.push(this.#reject(offset))
    }
    this.#ledger = { ...this.#ledger, next: records.nextOffset }
    return { outputs, nextOffset: records.nextOffset, need: null }
  }

  #alert(offset: number): Message {
    const { flaw, nonce, version } = this.#options
    const id = flaw === 'random-id' ? nonce() : idOf(this.#partition, offset)
    const used = flaw === 'model-per-record' ? version() : this.#version
    const alert: Alert = { id, partition: this.#partition, offset, version: used }
    return message(topics.alerts, this.#partition, JSON.stringify(alert))
  }

  #reject(offset: number): Message {
    if (this.#options.flaw === 'poison-throws') throw new RangeError('poison')
    return message(topics.rejects, this.#partition, JSON.stringify({ partition: this.#partition, offset }))
  }

  skip(): Step {
    throw new Error('the model has no compression')
  }

  tick(): Step {
    return { outputs: [], nextOffset: this.#ledger.next, need: null }
  }

  checkpoint(): readonly Message[] {
    this.#atCheckpoint = true
    const ledger = { ...this.#ledger, from: this.#from, version: this.#version }
    this.#from = ledger.next
    return [message(topics.state, this.#partition, JSON.stringify(ledger))]
  }

  supply(): void {
    throw new Error('it needs nothing')
  }
}

function message(topic: string, partition: number, text: string): Message {
  return { topic, partition, key: null, value: Buffer.from(text), headers: [], timestampMs: 0 }
}

/** Restores from the last ledger that the state topic shows. */
export async function buildJudge(options: JudgeOptions, assignment: Assignment, reader: Reader): Promise<Built> {
  const { partition, committed } = assignment
  let ledger = emptyLedger()
  const { first, next } = await reader.range(topics.state, partition)
  for await (const records of reader.read(topics.state, partition, first, next)) {
    for (let i = 0; i < records.count; i++) ledger = JSON.parse(Buffer.from(valueBytes(records, i) ?? []).toString())
  }
  // A flawed scheme may make them differ; the checker is to find that, so the offset rules here, as in a client's hands.
  const position = committed ?? 0
  return { task: new Judge(options, partition, { ...ledger, next: position }), position }
}
