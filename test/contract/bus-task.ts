// A task for the conformance suite of buses: it passes on each record as text, counts what it saw and keeps a ledger. Its
// detector version grows at the first step after a checkpoint, as a real task's may.

import type { Assignment, Built, Reader, Step, Task, TaskNeed } from '../../libs/bus/bus.ts'
import type { Message } from '../../libs/core/message.ts'
import { keyBytes, type Records, valueBytes } from '../../libs/core/records.ts'

export interface EchoOptions {
  readonly output: string
  readonly state: string
  /** Whether a record is passed on; what is not is only counted. */
  readonly passes?: (value: string) => boolean
  /** A need that stops before the record with this value, until it is supplied. */
  readonly needsBefore?: (value: string) => boolean
  readonly ticks?: boolean
}

export interface Ledger {
  readonly next: number
  readonly seen: number
}

export class EchoTask implements Task {
  readonly steps: { readonly offset: number; readonly value: string }[] = []
  readonly supplied: (string | 'absent')[] = []
  ticks = 0
  skipped = 0
  checkpoints = 0
  readonly #options: EchoOptions
  readonly #partition: number
  #next: number
  #seen: number
  #version = 0
  #atCheckpoint = true
  #met = false

  constructor(options: EchoOptions, partition: number, ledger: Ledger) {
    this.#options = options
    this.#partition = partition
    this.#next = ledger.next
    this.#seen = ledger.seen
  }

  step(records: Records, from: number): Step {
    this.#switch()
    const outputs: Message[] = []
    for (let i = from; i < records.count; i++) {
      const value = Buffer.from(valueBytes(records, i) ?? []).toString()
      const offset = records.offsets[i] ?? -1
      if (!this.#met && this.#options.needsBefore?.(value) === true) {
        this.#next = offset
        return { outputs, nextOffset: offset, need: { kind: 'schema', id: 7 } }
      }
      this.steps.push({ offset, value })
      this.#seen++
      if (this.#options.passes?.(value) !== false) {
        const text = `${this.#partition}/${offset}/${value}/v${this.#version}`
        outputs.push(this.#message(this.#options.output, keyBytes(records, i), text))
      }
    }
    this.#next = records.nextOffset
    return { outputs, nextOffset: this.#next, need: null }
  }

  skip(from: number, next: number): Step {
    this.#switch()
    this.skipped += next - from
    this.#next = next
    return { outputs: [], nextOffset: next, need: null }
  }

  tick(timeMs: number): Step {
    this.ticks++
    const text = `tick/${this.#partition}/${timeMs}`
    const outputs = this.#options.ticks === true ? [this.#message(this.#options.output, null, text)] : []
    return { outputs, nextOffset: this.#next, need: null }
  }

  checkpoint(): readonly Message[] {
    this.checkpoints++
    this.#atCheckpoint = true
    const ledger: Ledger = { next: this.#next, seen: this.#seen }
    return [this.#message(this.#options.state, Buffer.from('ledger'), JSON.stringify(ledger), this.#partition)]
  }

  supply(_need: TaskNeed, answer: string | 'absent'): void {
    this.#met = true
    this.supplied.push(answer)
  }

  #switch(): void {
    if (this.#atCheckpoint) this.#version++
    this.#atCheckpoint = false
  }

  #message(topic: string, key: Uint8Array | null, text: string, partition: number | null = 0): Message {
    return { topic, partition, key, value: Buffer.from(text), headers: [], timestampMs: 1_700_000_000_000 }
  }
}

/** Builds from the last ledger on the state topic, as a real task does; every task built is added to `built`. */
export async function buildEcho(
  options: EchoOptions,
  { partition, committed }: Assignment,
  reader: Reader,
  built: EchoTask[],
): Promise<Built> {
  let ledger: Ledger = { next: committed ?? 0, seen: 0 }
  const { first, next } = await reader.range(options.state, partition)
  for await (const records of reader.read(options.state, partition, first, next)) {
    for (let i = 0; i < records.count; i++) ledger = JSON.parse(Buffer.from(valueBytes(records, i) ?? []).toString())
  }
  if (ledger.next !== (committed ?? 0)) throw new Error(`ledger says ${ledger.next}, the group ${committed}`)
  const task = new EchoTask(options, partition, ledger)
  built.push(task)
  return { task, position: ledger.next }
}
