// A task for histories: it gives every record an outcome, keeps a state by key and a ledger with counts and a chain, and
// rebuilds itself from the state topic. Small, so that a history is about the bus; its rules are those of the real task.
// What it ought to do is computed a second time by `recomputed`, from the input alone.

import type { Assignment, Built, Reader, Step, Task } from '../../libs/bus/bus.ts'
import type { Message } from '../../libs/core/message.ts'
import { keyBytes, type Records, valueBytes } from '../../libs/core/records.ts'

export const STREAM = 'stream'
export const topics = { input: 'input', alerts: 'alerts', rejects: 'rejects', state: 'state' } as const

export interface Ledger {
  from: number
  next: number
  normal: number
  alerts: number
  rejects: number
  chain: number
  keys: Record<string, number>
  version: number
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

/** Takes one more record into the ledger. */
export function fold(ledger: Ledger, offset: number, key: string, value: string): void {
  const kind = value.startsWith('a') ? 'alerts' : value.startsWith('p') ? 'rejects' : 'normal'
  ledger[kind]++
  ledger.chain = (Math.imul(ledger.chain, 31) + offset * 7 + kind.length) | 0
  if (kind !== 'rejects') ledger.keys[key] = (Math.imul(ledger.keys[key] ?? 1, 33) + offset + value.length) | 0
  ledger.next = offset + 1
}

export class Judge implements Task {
  readonly #options: JudgeOptions
  readonly #partition: number
  readonly #ledger: Ledger
  #atCheckpoint = true
  #version = 0

  constructor(options: JudgeOptions, partition: number, ledger: Ledger) {
    this.#options = options
    this.#partition = partition
    this.#ledger = { ...ledger, from: ledger.next }
  }

  step(records: Records, from: number): Step {
    if (this.#atCheckpoint) this.#version = this.#options.version()
    this.#atCheckpoint = false
    const outputs: Message[] = []
    for (let i = from; i < records.count; i++) {
      const offset = records.offsets[i] ?? -1
      const key = Buffer.from(keyBytes(records, i) ?? []).toString()
      const value = Buffer.from(valueBytes(records, i) ?? []).toString()
      fold(this.#ledger, offset, key, value)
      if (value.startsWith('a')) outputs.push(this.#alert(offset))
      if (value.startsWith('p')) outputs.push(this.#reject(offset))
    }
    this.#ledger.next = records.nextOffset
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
    this.#ledger.version = this.#version
    const text = JSON.stringify(this.#ledger)
    this.#ledger.from = this.#ledger.next
    return [message(topics.state, this.#partition, text)]
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
  let last: string | null = null
  const { first, next } = await reader.range(topics.state, partition)
  for await (const records of reader.read(topics.state, partition, first, next)) {
    if (records.count > 0) last = Buffer.from(valueBytes(records, records.count - 1) ?? []).toString()
  }
  // A flawed scheme may make them differ; the checker is to find that, so the offset rules here, as in a client's hands.
  const position = committed ?? 0
  const ledger: Ledger = last === null ? emptyLedger() : JSON.parse(last)
  return { task: new Judge(options, partition, { ...ledger, next: position }), position }
}
