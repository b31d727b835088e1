// Checker: what must hold of a history, by the names of its violations. It reads the broker's logs directly and computes
// from the input alone what every outcome ought to be.

import type { Broker, Entry, Transaction } from '../../libs/bus/simulated/broker.ts'
import { type Alert, emptyLedger, fold, idOf, type Ledger, topics } from './judge.ts'

export type Violation =
  | 'lost-write' // I1 an offset below the committed one has no outcome
  | 'duplicate' // I2 a record has two visible outcomes
  | 'offset-ahead' // I3 an offset is committed without the ledger that accounts for it
  | 'inconsistent-offsets' // I3 I8 a commit does not begin where the one before it ended
  | 'mixed-model-batch' // I4 one transaction, two versions
  | 'unstable-id' // I5 an alert's id does not follow from its position
  | 'stuck-partition' // I6 a partition did not get to its end in the quiet phase
  | 'state-divergence' // I7 the state is not the fold of the records

/** Watches commits as they become visible, then judges the whole. */
export class Checker {
  readonly #broker: Broker
  readonly #group: string
  readonly #violations = new Set<Violation>()
  readonly #committed = new Map<string, number>()

  constructor(broker: Broker, group: string) {
    this.#broker = broker
    this.#group = group
    broker.onOffset = (name, offset, transaction) => this.#offset(name, offset, transaction)
  }

  #name(partition: number): string {
    return `${this.#group}/${topics.input}/${partition}`
  }

  #offset(name: string, offset: number, transaction: Transaction | null): void {
    const entries = transaction?.entries ?? []
    const last = entries.findLast(({ message }) => message?.topic === topics.state)
    const ledger: Ledger | null = last === undefined ? null : jsonOf(last)
    if (ledger === null || ledger.next < offset) this.#violations.add('offset-ahead')
    const before = this.#committed.get(name) ?? 0
    if (ledger !== null && ledger.from !== before) this.#violations.add('inconsistent-offsets')
    if (offset < before) this.#violations.add('inconsistent-offsets')
    this.#committed.set(name, offset)
    const versions = new Set<number>()
    for (const entry of entries) {
      if (entry.message?.topic === topics.alerts) versions.add(jsonOf<Alert>(entry).version)
    }
    if (versions.size > 1) this.#violations.add('mixed-model-batch')
  }

  done(): boolean {
    for (let partition = 0; partition < this.#broker.partitions(topics.input); partition++) {
      const end = this.#broker.log(topics.input, partition).length
      if ((this.#committed.get(this.#name(partition)) ?? 0) < end) return false
    }
    return true
  }

  /** The violations of the whole history. */
  violations(): readonly Violation[] {
    if (!this.done()) this.#violations.add('stuck-partition')
    for (let partition = 0; partition < this.#broker.partitions(topics.input); partition++) this.#partition(partition)
    return [...this.#violations].sort()
  }

  #partition(partition: number): void {
    const end = this.#committed.get(this.#name(partition)) ?? 0
    const expected = emptyLedger()
    const alerts: number[] = []
    const rejects: number[] = []
    for (const { offset, message } of this.#broker.log(topics.input, partition).slice(0, end)) {
      const key = Buffer.from(message?.key ?? []).toString()
      const value = Buffer.from(message?.value ?? []).toString()
      fold(expected, offset, key, value)
      if (value.startsWith('a')) alerts.push(offset)
      if (value.startsWith('p')) rejects.push(offset)
    }
    this.#outcomes(topics.alerts, partition, alerts)
    this.#outcomes(topics.rejects, partition, rejects)
    const last = visible(this.#broker.log(topics.state, partition)).at(-1)
    if (last === undefined) return
    const ledger: Ledger = jsonOf(last)
    const { normal, alerts: alertCount, rejects: rejectCount, chain } = ledger
    const counts = [normal, alertCount, rejectCount, chain].join()
    if (counts !== [expected.normal, expected.alerts, expected.rejects, expected.chain].join()) {
      this.#violations.add(normal + alertCount + rejectCount < end ? 'lost-write' : 'state-divergence')
    }
    if (JSON.stringify(ledger.keys) !== JSON.stringify(expected.keys)) this.#violations.add('state-divergence')
  }

  #outcomes(topic: string, partition: number, expected: readonly number[]): void {
    const seen = new Map<number, number>()
    for (const entry of visible(this.#broker.log(topic, partition))) {
      const { offset, id }: Partial<Alert> = jsonOf(entry)
      if (offset === undefined) continue
      seen.set(offset, (seen.get(offset) ?? 0) + 1)
      if (id !== undefined && id !== idOf(partition, offset)) this.#violations.add('unstable-id')
    }
    for (const offset of expected) if (!seen.has(offset)) this.#violations.add('lost-write')
    for (const [offset, times] of seen) {
      if (times > 1 || !expected.includes(offset)) this.#violations.add('duplicate')
    }
  }
}

/** Committed entries that are no markers, up to the first open transaction. */
export function visible(log: readonly Entry[]): Entry[] {
  const shown: Entry[] = []
  for (const entry of log) {
    const state = entry.transaction?.state ?? 'committed'
    if (state === 'open' || state === 'ending') return shown
    if (state === 'committed' && entry.message !== null) shown.push(entry)
  }
  return shown
}

function jsonOf<T>(entry: Entry | undefined): T {
  return JSON.parse(Buffer.from(entry?.message?.value ?? []).toString())
}
