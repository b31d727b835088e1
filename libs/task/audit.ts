// Audit: recomputes offline what a task must have concluded of a partition, from the input, the artefacts and the detector
// switches on the events topic, and holds it against the ledger and the alerts. This is what makes "exactly one outcome for
// every offset" provable afterwards (I1, I2, I5). It shares the task's code on purpose: delivery is what it checks, while
// decoding, folding and scoring have oracles of their own in the tests.

import { alertIn } from '../alert/alert-message.ts'
import type { Topics } from '../alert/topics.ts'
import { indexAt, sliceOf } from '../core/records.ts'
import { kindOf } from '../core/verdict.ts'
import type { Detector } from '../detector/detector.ts'
import { decoderOf } from '../stream/decoder.ts'
import { bucketsFor, fold } from '../stream/fold.ts'
import type { Stream } from '../stream/stream.ts'
import type { Ledger } from './ledger.ts'
import type { Source } from './restore.ts'
import { StreamTask } from './task.ts'

/** From `offset` on, this version and threshold judged (null: none). */
export interface Switch {
  readonly offset: number
  readonly version: string | null
  readonly threshold: number | null
}

export interface AuditOptions {
  readonly stream: Stream
  readonly source: Source
  readonly topics: Topics
  readonly partition: number
  readonly ledger: Ledger
  /** In the order of their offsets. */
  readonly switches: readonly Switch[]
  readonly detector: (version: string) => Detector
  /** Committed alerts of this partition: id → value bytes, and how often each id was seen. */
  readonly alerts: ReadonlyMap<string, { readonly value: Uint8Array; readonly seen: number }>
  readonly resolve: (id: number) => Promise<string | 'absent'>
}

/** What does not agree, a line each; empty when everything does. */
export async function audit(options: AuditOptions): Promise<string[]> {
  const { stream, source, partition, ledger, topics } = options
  const topic = stream.spec.source.topic
  const { first } = await source.range(topic, partition)
  const state = fold(stream, decoderOf(stream), { buckets: bucketsFor(stream) })
  const task = new StreamTask({
    stream,
    fold: state,
    topics,
    partition,
    restored: {
      ledger: null,
      position: first,
      bucketOffsets: new Float64Array(state.buckets).fill(first),
      bucketWritten: new Uint8Array(state.buckets),
      replayed: 0,
    },
    inForce: null,
    scored: () => {},
  })
  const expected = new Map<string, Uint8Array>()
  const switches = [...options.switches]
  for await (const records of source.read(topic, partition, first, ledger.nextOffset)) {
    let from = 0
    while (from < records.count) {
      const next = switches[0]
      const due = next !== undefined && next.offset <= (records.offsets[from] as number)
      if (due) {
        task.checkpoint()
        task.offer(
          next.version === null
            ? null
            : { detector: options.detector(next.version), threshold: next.threshold ?? Number.POSITIVE_INFINITY },
        )
        switches.shift()
        continue
      }
      const to = next === undefined ? records.count : indexAt(records, next.offset)
      const step = task.step(sliceOf(records, from, to), 0)
      for (const message of step.outputs) {
        if (message.topic !== topics.alerts || message.value === null) continue
        expected.set(alertIn(message.value, message.headers).id, message.value)
      }
      if (step.need !== null) task.supply(step.need, await options.resolve(step.need.id))
      from = step.need === null ? to : indexAt(records, step.nextOffset)
    }
  }
  return [...ledgerFaults(task, ledger), ...alertFaults(expected, options.alerts)]
}

function ledgerFaults(task: StreamTask, ledger: Ledger): string[] {
  const faults: string[] = []
  for (const [outcome, count] of task.counts.entries()) {
    const stated = ledger.counts[outcome] ?? 0
    if (stated !== count) faults.push(`${kindOf(outcome)} (outcome ${outcome}): ledger ${stated}, recomputed ${count}`)
  }
  const [a, b] = task.chain
  if (a !== ledger.chain[0] || b !== ledger.chain[1]) {
    faults.push(`chain: ledger ${ledger.chain.join(',')}, recomputed ${a},${b}`)
  }
  return faults
}

function alertFaults(expected: ReadonlyMap<string, Uint8Array>, committed: AuditOptions['alerts']): string[] {
  const faults: string[] = []
  for (const [id, value] of expected) {
    const found = committed.get(id)
    if (found === undefined) faults.push(`alert ${id}: expected, not committed (lost)`)
    else if (found.seen !== 1) faults.push(`alert ${id}: committed ${found.seen} times (duplicate)`)
    else if (Buffer.compare(found.value, value) !== 0) faults.push(`alert ${id}: other bytes than recomputed`)
  }
  for (const id of committed.keys()) if (!expected.has(id)) faults.push(`alert ${id}: committed, not expected`)
  return faults
}
