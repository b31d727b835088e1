// Evidence: what a stream has left on its topics, gathered for the audit: ledgers, committed alerts, detector switches and
// artefacts. `auditStream` holds all of it against a recomputation from the input, partition by partition. Ledgers are read
// first and alerts beyond them passed over, so that a stream can be audited while it runs; what was judged before a ledger's
// beginning, or by another revision, is passed over too.

import { alertIn } from '../alert/alert-message.ts'
import { eventOf, isChange, type RegimeChange } from '../alert/events.ts'
import type { Topics } from '../alert/topics.ts'
import { headersOf, keyBytes, type Records, valueBytes } from '../core/records.ts'
import { load } from '../detector/load.ts'
import { Publications } from '../detector/publication.ts'
import type { Stream } from '../stream/stream.ts'
import { audit, type Committed, type Switch } from './audit.ts'
import { decodeLedger, type Ledger } from './ledger.ts'
import type { Source } from './restore.ts'

export interface Log extends Source {
  partitions(topic: string): Promise<number>
}

export interface Audited {
  /** What does not agree, a line each. */
  readonly faults: readonly string[]
  /** Records that the ledgers account for. */
  readonly judged: number
  readonly alerts: number
  readonly switches: number
  /** Of regime, there and back. */
  readonly changes: number
  /** Detectors that judged, by the switches. */
  readonly versions: number
}

export async function auditStream(
  log: Log,
  stream: Stream,
  topics: Topics,
  resolve: (id: number) => Promise<string | 'absent'>,
): Promise<Audited> {
  const name = stream.spec.stream
  const { topic } = stream.spec.source
  const ledgers: (Ledger | null)[] = []
  for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
    ledgers.push(await lastLedger(log, topics.state, partition, stream.revision))
  }
  const alerts = await alertsByPartition(log, topics.alerts, stream, ledgers)
  const switches = await switchesByPartition(log, topics.events, name, ledgers)
  const changes = await changesByPartition(log, topics.events, name, ledgers)
  const publications = new Publications()
  await eachRun(log, topics.detectors, (records) => publications.take(records))
  const faults: string[] = []
  let judged = 0
  for (const [partition, ledger] of ledgers.entries()) {
    if (ledger === null) continue
    const { first } = await log.range(topic, partition)
    const { foldedFrom } = ledger.beginning
    if (first > foldedFrom) {
      faults.push(
        `partition ${partition}: the input begins at ${first}, judging began with records from ${foldedFrom}; ` +
          'what is gone cannot be recomputed',
      )
      continue
    }
    judged += ledger.counts.reduce((sum, count) => sum + count, 0)
    const found = await audit({
      stream,
      source: log,
      topics,
      partition,
      ledger,
      switches: switches.get(partition) ?? [],
      detector: (version) => load(publications.artefact(name, version) ?? new Uint8Array(0), { version }),
      alerts: alerts.get(partition) ?? new Map(),
      changes: changes.get(partition) ?? [],
      resolve,
    })
    faults.push(...found.map((fault) => `partition ${partition}: ${fault}`))
  }
  const all = [...switches.values()].flat()
  const seen = [...alerts.values()].flatMap((own) => [...own.values()])
  return {
    faults,
    judged,
    alerts: seen.reduce((sum, each) => sum + each.seen, 0),
    switches: all.length,
    changes: [...changes.values()].flat().length,
    versions: new Set(all.flatMap(({ version }) => version ?? [])).size,
  }
}

/** The last ledger of a revision on a partition of the state topic; null before the first commit. */
export async function lastLedger(log: Log, topic: string, partition: number, revision: string): Promise<Ledger | null> {
  const text = new TextDecoder()
  let found: Uint8Array | null = null
  const range = await log.range(topic, partition)
  for await (const records of log.read(topic, partition, range.first, range.next)) {
    for (let i = 0; i < records.count; i++) {
      const key = keyBytes(records, i)
      if (key !== null && text.decode(key) === `${revision}/ledger`) found = valueBytes(records, i)?.slice() ?? null
    }
  }
  return found === null ? null : decodeLedger(found)
}

async function eachRun(log: Log, topic: string, each: (records: Records) => void): Promise<void> {
  for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
    const range = await log.range(topic, partition)
    for await (const records of log.read(topic, partition, range.first, range.next)) each(records)
  }
}

async function alertsByPartition(
  log: Log,
  topic: string,
  { spec, revision }: Stream,
  ledgers: readonly (Ledger | null)[],
): Promise<Map<number, Map<string, Committed>>> {
  const found = new Map<number, Map<string, Committed>>()
  await eachRun(log, topic, (records) => {
    for (let i = 0; i < records.count; i++) {
      const value = valueBytes(records, i)
      const alert = alertIn(value, headersOf(records, i))
      const { id, partition, offset } = alert
      if (alert.stream !== spec.stream || alert.revision !== revision) continue
      if (!covers(ledgers[partition], offset)) continue
      const own = found.get(partition) ?? new Map<string, Committed>()
      found.set(partition, own)
      own.set(id, { offset, value: value?.slice() ?? new Uint8Array(0), seen: (own.get(id)?.seen ?? 0) + 1 })
    }
  })
  return found
}

function covers(ledger: Ledger | null | undefined, offset: number): boolean {
  return ledger != null && offset >= ledger.beginning.judgedFrom && offset < ledger.nextOffset
}

/** One that is not above those before it was made where judging began again further back: those hold no more. */
async function switchesByPartition(
  log: Log,
  topic: string,
  stream: string,
  ledgers: readonly (Ledger | null)[],
): Promise<Map<number, Switch[]>> {
  const found = new Map<number, Switch[]>()
  await eachRun(log, topic, (records) => {
    for (let i = 0; i < records.count; i++) {
      const event = eventOf(valueBytes(records, i))
      if (event?.kind !== 'detector-switched' || event.stream !== stream) continue
      const own = found.get(event.partition) ?? []
      found.set(event.partition, own)
      while ((own.at(-1)?.offset ?? -1) >= event.offset) own.pop()
      if (!covers(ledgers[event.partition], event.offset)) continue
      own.push({ offset: event.offset, version: event.version, threshold: event.threshold, tail: event.tail })
    }
  })
  return found
}

/** A change comes with the record before the offset from which it holds. */
async function changesByPartition(
  log: Log,
  topic: string,
  stream: string,
  ledgers: readonly (Ledger | null)[],
): Promise<Map<number, RegimeChange[]>> {
  const found = new Map<number, RegimeChange[]>()
  await eachRun(log, topic, (records) => {
    for (let i = 0; i < records.count; i++) {
      const event = eventOf(valueBytes(records, i))
      if (event === null || !isChange(event) || event.stream !== stream) continue
      if (!covers(ledgers[event.partition], event.offset - 1)) continue
      found.set(event.partition, [...(found.get(event.partition) ?? []), event])
    }
  })
  return found
}
