// Audit: recomputes offline what a task must have concluded of a partition, from the input, the artefacts and the detector
// switches on the events topic, and holds it against the ledger and the alerts. This is what makes "exactly one outcome for
// every offset" provable afterwards (I1, I2, I5), for the offsets that the ledger covers: from its beginning on. It shares the task's code on purpose: delivery is what it checks, while
// decoding, folding and scoring have oracles of their own in the tests.

import { isDeepStrictEqual } from 'node:util'
import { alertIn } from '../alert/alert-message.ts'
import { eventOf, isChange, type RegimeChange } from '../alert/events.ts'
import type { Topics } from '../alert/topics.ts'
import { indexAt, sliceOf } from '../core/records.ts'
import { kindOf } from '../core/verdict.ts'
import type { Detector } from '../detector/detector.ts'
import { decoderOf } from '../stream/decoder.ts'
import { bucketsFor, fold } from '../stream/fold.ts'
import type { TailKind } from '../stream/spec.ts'
import type { Stream } from '../stream/stream.ts'
import type { Ledger } from './ledger.ts'
import { replay, type Source } from './restore.ts'
import { StreamTask } from './task.ts'

/** From `offset` on, this version and threshold judged (null: none). */
export interface Switch {
  readonly offset: number
  readonly version: string | null
  readonly threshold: number | null
  /** Absent in events of before there were kinds: fixed. */
  readonly tail?: TailKind
}

/** An alert as consumers see it. */
export interface Committed {
  /** Of the record. */
  readonly offset: number
  /** The last one seen of the id. */
  readonly value: Uint8Array
  /** How often the id was seen. */
  readonly seen: number
}

export interface AuditOptions {
  readonly stream: Stream
  readonly source: Source
  readonly topics: Topics
  readonly partition: number
  readonly ledger: Ledger
  /** Since the ledger's beginning, in the order of their offsets. */
  readonly switches: readonly Switch[]
  readonly detector: (version: string) => Detector
  /** Committed alerts of this partition that the ledger covers, by id. */
  readonly alerts: ReadonlyMap<string, Committed>
  /** Committed changes of regime of this partition that the ledger covers, in the order of the log. */
  readonly changes: readonly RegimeChange[]
  readonly resolve: (id: number) => Promise<string | 'absent'>
}

/** What does not agree, a line each; empty when everything does. */
export async function audit(options: AuditOptions): Promise<string[]> {
  const { stream, source, partition, ledger, topics, resolve } = options
  const { foldedFrom, judgedFrom, judgedBefore } = ledger.beginning
  const topic = stream.spec.source.topic
  const state = fold(stream, decoderOf(stream), { buckets: bucketsFor(stream) })
  const bucketOffsets = new Float64Array(state.buckets).fill(foldedFrom)
  await replay({ fold: state, source, stream, partition, resolve }, foldedFrom, judgedFrom, bucketOffsets)
  const task = new StreamTask({
    stream,
    fold: state,
    topics,
    partition,
    restored: {
      ledger: null,
      beginning: ledger.beginning,
      position: judgedFrom,
      bucketOffsets,
      bucketWritten: new Uint8Array(state.buckets),
      replayed: 0,
    },
    inForce: null,
    scored: () => {},
  })
  const expected = new Map<string, Expected>()
  const changes: RegimeChange[] = []
  const switches = [...options.switches]
  for await (const records of source.read(topic, partition, judgedFrom, ledger.nextOffset)) {
    let from = 0
    while (from < records.count) {
      const next = switches[0]
      const due = next !== undefined && next.offset <= (records.offsets[from] as number)
      if (due) {
        task.checkpoint()
        task.offer(
          next.version === null
            ? null
            : {
                detector: options.detector(next.version),
                threshold: next.threshold ?? Number.POSITIVE_INFINITY,
                tail: next.tail ?? 'fixed',
              },
        )
        switches.shift()
        continue
      }
      const to = next === undefined ? records.count : indexAt(records, next.offset)
      const step = task.step(sliceOf(records, from, to), 0)
      for (const message of step.outputs) {
        const event = message.topic === topics.events ? eventOf(message.value) : null
        if (event !== null && isChange(event)) changes.push(event)
        if (message.topic !== topics.alerts || message.value === null) continue
        const { id, offset } = alertIn(message.value, message.headers)
        expected.set(id, { offset, value: message.value })
      }
      if (step.need !== null) task.supply(step.need, await resolve(step.need.id))
      from = step.need === null ? to : indexAt(records, step.nextOffset)
    }
  }
  return [
    ...ledgerFaults(task, ledger),
    ...alertFaults(expected, options.alerts, judgedBefore),
    ...changeFaults(changes, options.changes, judgedBefore),
  ]
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
  if (!isDeepStrictEqual(task.memory, ledger.memory)) faults.push('memory of scores: other than recomputed')
  return faults
}

/** As for alerts: of what was judged before `judgedBefore` there may be other opinions on the log. */
function changeFaults(
  expected: readonly RegimeChange[],
  committed: readonly RegimeChange[],
  judgedBefore: number,
): string[] {
  const faults: string[] = []
  const wanted = new Set(expected.map((each) => JSON.stringify(each)))
  const seen = new Set<string>()
  for (const each of committed) {
    const text = JSON.stringify(each)
    const isOurs = each.offset > judgedBefore
    if (isOurs && (seen.has(text) || !wanted.has(text))) faults.push(`${each.kind} at ${each.offset}: not expected`)
    seen.add(text)
  }
  for (const each of expected) {
    if (!seen.has(JSON.stringify(each))) faults.push(`${each.kind} at ${each.offset}: expected, not committed (lost)`)
  }
  return faults
}

type Expected = Pick<Committed, 'offset' | 'value'>

/** Of records before `judgedBefore` only the last alert counts: what was left behind had its own opinion. */
function alertFaults(
  expected: ReadonlyMap<string, Expected>,
  committed: AuditOptions['alerts'],
  judgedBefore: number,
): string[] {
  const faults: string[] = []
  for (const [id, { offset, value }] of expected) {
    const found = committed.get(id)
    if (found === undefined) faults.push(`alert ${id}: expected, not committed (lost)`)
    else if (found.seen !== 1 && offset >= judgedBefore) {
      faults.push(`alert ${id}: committed ${found.seen} times (duplicate)`)
    } else if (Buffer.compare(found.value, value) !== 0) faults.push(`alert ${id}: other bytes than recomputed`)
  }
  for (const [id, { offset }] of committed) {
    if (!expected.has(id) && offset >= judgedBefore) faults.push(`alert ${id}: committed, not expected`)
  }
  return faults
}
