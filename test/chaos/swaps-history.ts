// Swaps history: what a drain has left on its topics, transaction by transaction, and what in it contradicts the rule that a
// transaction is judged by one detector. Independent of the audit: nothing is judged again, the topics are held against each other.
// Invariants
//   H1 the ledgers of a partition count its records from the first to the last, each transaction its own.
//   H2 every alert and reject names the detector of the ledger whose offsets hold it, and comes once.
//   H3 a ledger names another detector than the one before exactly where a switch on the events topic says so, and that is
//      the first offset of a transaction.
// The state topic must not have been compacted: older ledgers would be missing (H1 sees that).

import { alertIn } from '../../libs/alert/alert-message.ts'
import { eventOf } from '../../libs/alert/events.ts'
import { rejectOf } from '../../libs/alert/rejects.ts'
import type { Topics } from '../../libs/alert/topics.ts'
import { headersOf, keyBytes, type Records, valueBytes } from '../../libs/core/records.ts'
import { ANOMALOUS, REJECTED } from '../../libs/core/verdict.ts'
import type { Stream } from '../../libs/stream/stream.ts'
import type { Log } from '../../libs/task/evidence.ts'
import { decodeLedger, type Ledger } from '../../libs/task/ledger.ts'

/** An alert or a reject. */
export interface Published {
  readonly kind: 'alert' | 'reject'
  readonly partition: number
  readonly offset: number
  readonly version: string | null
}

export interface Switched {
  readonly partition: number
  readonly offset: number
  readonly version: string | null
}

export interface History {
  /** By partition, in their order on the topic. */
  readonly ledgers: readonly (readonly Ledger[])[]
  readonly published: readonly Published[]
  readonly switches: readonly Switched[]
}

export async function history(log: Log, stream: Stream, names: Topics): Promise<History> {
  const ledgers: Ledger[][] = []
  const text = new TextDecoder()
  for (let partition = 0; partition < (await log.partitions(names.state)); partition++) {
    const own: Ledger[] = []
    for await (const [records, i] of each(log, names.state, partition)) {
      const value = valueBytes(records, i)
      const key = keyBytes(records, i)
      if (key === null || value === null || text.decode(key) !== `${stream.revision}/ledger`) continue
      own.push(decodeLedger(value))
    }
    ledgers.push(own)
  }
  const published: Published[] = []
  for await (const [records, i] of each(log, names.alerts, 0)) {
    const { partition, offset, detector } = alertIn(valueBytes(records, i), headersOf(records, i))
    published.push({ kind: 'alert', partition, offset, version: detector })
  }
  for await (const [records, i] of each(log, names.rejects, 0)) {
    const reject = rejectOf(records, i)
    if (reject === null) continue
    const { partition, offset, version } = reject
    published.push({ kind: 'reject', partition, offset, version })
  }
  const switches: Switched[] = []
  for await (const [records, i] of each(log, names.events, 0)) {
    const event = eventOf(valueBytes(records, i))
    if (event?.kind === 'detector-switched') switches.push(event)
  }
  return { ledgers, published, switches }
}

async function* each(log: Log, topic: string, partition: number): AsyncGenerator<[Records, number]> {
  const { first, next } = await log.range(topic, partition)
  for await (const records of log.read(topic, partition, first, next)) {
    for (let i = 0; i < records.count; i++) yield [records, i]
  }
}

/** What contradicts H1 to H3 or the ledgers' own counts, a line each; `input` holds the offsets of its records by partition. */
export function historyFaults({ ledgers, published, switches }: History, input: readonly Float64Array[]): string[] {
  return input.flatMap((offsets, partition) => {
    const own = ledgers[partition] ?? []
    const here = published.filter((each) => each.partition === partition)
    const faults = [
      ...joinFaults(own, offsets),
      ...versionFaults(own, here),
      ...switchFaults(
        own,
        offsets,
        switches.filter((each) => each.partition === partition),
      ),
    ]
    return faults.map((fault) => `partition ${partition}: ${fault}`)
  })
}

function joinFaults(ledgers: readonly Ledger[], offsets: Float64Array): string[] {
  const faults: string[] = []
  let position = 0
  for (const { nextOffset, counts } of ledgers) {
    const judged = counts.reduce((total, count) => total + count, 0)
    const records = firstFrom(offsets.length, (i) => (offsets[i] ?? 0) >= nextOffset)
    if (nextOffset <= position) faults.push(`a ledger ends at ${nextOffset}, the one before it at ${position}`)
    if (judged !== records) faults.push(`${records} records before ${nextOffset}, the ledger counts ${judged} verdicts`)
    position = nextOffset
  }
  const last = offsets.at(-1) ?? -1
  if (position <= last) faults.push(`the last ledger ends at ${position}, the last record is ${last}`)
  return faults
}

function versionFaults(ledgers: readonly Ledger[], published: readonly Published[]): string[] {
  const faults: string[] = []
  const seen = new Set<string>()
  const count = { alert: 0, reject: 0 }
  for (const { kind, offset, version } of published) {
    const name = `${kind} of offset ${offset}`
    if (seen.has(name)) faults.push(`${name}: published twice`)
    seen.add(name)
    count[kind]++
    const ledger = ledgers[firstFrom(ledgers.length, (i) => (ledgers[i]?.nextOffset ?? 0) > offset)]
    const stated = ledger?.detector?.version ?? null
    if (ledger === undefined || stated !== version) {
      faults.push(`${name}: judged by ${version}, its transaction by ${ledger === undefined ? 'nobody' : stated}`)
    }
  }
  const stated = ledgers.at(-1)?.counts
  const alerts = stated?.[ANOMALOUS] ?? 0
  const rejects = stated?.slice(REJECTED).reduce((sum, each) => sum + each, 0) ?? 0
  if (count.alert !== alerts) faults.push(`${count.alert} alerts published, ${alerts} in the ledger`)
  if (count.reject !== rejects) faults.push(`${count.reject} rejects published, ${rejects} in the ledger`)
  return faults
}

function switchFaults(ledgers: readonly Ledger[], offsets: Float64Array, switches: readonly Switched[]): string[] {
  let version: string | null = null
  const changes: string[] = []
  let position = 0
  for (const { nextOffset, detector } of ledgers) {
    if ((detector?.version ?? null) !== version) {
      version = detector?.version ?? null
      // A commit's marker may lie between the transactions.
      const first = firstFrom(offsets.length, (i) => (offsets[i] ?? 0) >= position)
      changes.push(`${version} from ${offsets[first]}`)
    }
    position = nextOffset
  }
  const said = switches.map((each) => `${each.version} from ${each.offset}`)
  const faults: string[] = []
  for (let i = 0; i < Math.max(changes.length, said.length); i++) {
    if (changes[i] !== said[i]) faults.push(`switch ${i}: by the ledgers ${changes[i]}, by the events ${said[i]}`)
  }
  return faults
}

/** The first of `count` places at which `is` holds; from there on it holds for all. */
function firstFrom(count: number, is: (index: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (is(middle)) high = middle
    else low = middle + 1
  }
  return low
}
