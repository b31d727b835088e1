// Ledger: the last state message of every transaction of one input partition, by which its task is rebuilt and its work is
// audited. Owns the message's form only.
// Invariants
//   L1 nextOffset equals the group offset committed with it: they travel in one transaction.
//   L2 bucketOffsets[b] is the offset that bucket b is as of; a clean bucket advances here without being written again.
//   L3 counts and chain cover every offset of [beginning.judgedFrom, nextOffset), judged with state of the records from
//      beginning.foldedFrom on, so an offline recomputation of the input must give the same.
//   L4 memory is that of the scores of [since the detector in force took over, nextOffset); no replay touches it.
// Format 2 added the beginning, format 3 the memory. Ledgers of older formats are not read: what they counted, or what the
// threshold after them would be, cannot be told.
// JSON, because people read it when something is wrong; the offsets are packed, since there may be thousands of buckets.

import { Failure } from '../core/failure.ts'
import { OUTCOMES } from '../core/verdict.ts'
import type { TailKind } from '../stream/spec.ts'
import { type Remembered, remembered, written } from './remembered.ts'

/** Which detector judges, and the threshold that it began with (the pointer's, or the artefact's own). */
export interface DetectorInForce {
  readonly version: string
  readonly threshold: number
  readonly tail: TailKind
}

/** Where the judging began that a ledger continues: at a first start, with a new revision, or after a reset. */
export interface Beginning {
  /** The first record that was folded into the state. */
  readonly foldedFrom: number
  /** The first record that was judged. */
  readonly judgedFrom: number
  /** Records before this one may have been judged by what was left behind as well, their alerts be on the log twice. */
  readonly judgedBefore: number
}

export interface Ledger {
  readonly revision: string
  readonly beginning: Beginning
  readonly nextOffset: number
  readonly detector: DetectorInForce | null
  /** Cumulative, by outcome byte (libs/core/verdict). */
  readonly counts: Float64Array
  /** 64 bits as two unsigned integers, over (offset, outcome) of every record judged. */
  readonly chain: readonly [number, number]
  readonly bucketOffsets: Float64Array
  /** 1 where the state topic holds a message of this bucket. */
  readonly bucketWritten: Uint8Array
  /** Schema ids that the registry confirmed not to exist; a replay must reject their records again. */
  readonly absentSchemas: readonly number[]
  /** Null without a detector. */
  readonly memory: Remembered | null
}

const format = 3

export function encodeLedger(ledger: Ledger): Uint8Array {
  const counts: Record<string, number> = {}
  for (const [outcome, count] of ledger.counts.entries()) if (count > 0) counts[outcome] = count
  return new TextEncoder().encode(
    JSON.stringify({
      format,
      revision: ledger.revision,
      beginning: ledger.beginning,
      nextOffset: ledger.nextOffset,
      detector: ledger.detector,
      counts,
      chain: ledger.chain,
      buckets: packOffsets(ledger).toString('base64'),
      absentSchemas: ledger.absentSchemas,
      memory: ledger.memory === null ? null : written(ledger.memory),
    }),
  )
}

/** Throws Failure('state-mismatch') for anything that is not a whole ledger of this form. */
export function decodeLedger(bytes: Uint8Array): Ledger {
  try {
    const raw = JSON.parse(new TextDecoder().decode(bytes))
    if (raw.format !== format) throw new Error(`format ${raw.format}, expected ${format}`)
    const counts = new Float64Array(OUTCOMES)
    for (const [outcome, count] of Object.entries(raw.counts)) counts[Number(outcome)] = Number(count)
    const [offsets, written] = unpackOffsets(Buffer.from(raw.buckets, 'base64'), raw.nextOffset)
    return {
      revision: String(raw.revision),
      beginning: {
        foldedFrom: Number(raw.beginning.foldedFrom),
        judgedFrom: Number(raw.beginning.judgedFrom),
        judgedBefore: Number(raw.beginning.judgedBefore),
      },
      nextOffset: Number(raw.nextOffset),
      detector: raw.detector,
      counts,
      chain: [Number(raw.chain[0]), Number(raw.chain[1])],
      bucketOffsets: offsets,
      bucketWritten: written,
      absentSchemas: raw.absentSchemas,
      memory: raw.memory === null ? null : remembered(raw.memory),
    }
  } catch (thrown) {
    throw new Failure(
      'state-mismatch',
      `a ledger on the state topic cannot be read (${thrown instanceof Error ? thrown.message : thrown}); start once with --reset-state`,
      thrown,
    )
  }
}

/** Each bucket as a varint of 2 × (nextOffset − its offset) + written. */
function packOffsets(ledger: Ledger): Buffer {
  const bytes: number[] = []
  for (const [bucket, offset] of ledger.bucketOffsets.entries()) {
    let rest = (ledger.nextOffset - offset) * 2 + (ledger.bucketWritten[bucket] ?? 0)
    while (rest > 127) {
      bytes.push((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    bytes.push(rest)
  }
  return Buffer.from(bytes)
}

function unpackOffsets(bytes: Buffer, nextOffset: number): [Float64Array, Uint8Array] {
  const offsets: number[] = []
  const written: number[] = []
  let value = 0
  let scale = 1
  for (const byte of bytes) {
    value += (byte & 127) * scale
    scale *= 128
    if (byte > 127) continue
    offsets.push(nextOffset - Math.floor(value / 2))
    written.push(value % 2)
    value = 0
    scale = 1
  }
  return [Float64Array.from(offsets), Uint8Array.from(written)]
}
