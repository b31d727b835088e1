// Record reader: from record batches to runs of records, without an object per record. Lazy: a batch is checked, inflated
// and walked when its turn comes, so bytes in queues stay compressed. Owns no state.
// Invariants
//   W1 a batch whose checksum is wrong or whose lengths contradict each other is a Failure('log-corrupt'): no byte outside
//      the batch is read, no memory is taken for a count that its bytes cannot hold.
//   W2 control batches and batches of aborted transactions yield no records, but the offsets they take are passed.
//   W3 the last run's nextOffset is the end of the last batch by its header; records below `from` are dropped.
// Uncompressed neighbours become one run over the fetched bytes themselves; compressed ones are inflated and joined.

import { Failure } from '../core/failure.ts'
import type { Records } from '../core/records.ts'
import { builtInCodecs, type Codecs, INFLATED_BYTES_MAX } from './compression.ts'
import { crc32c } from './crc32c.ts'
import { AT_ATTRIBUTES, AT_CRC, HEADER_BYTES, type RecordBatch } from './record-batch.ts'
import { RunBuilder } from './run-builder.ts'

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/** A run of records, or the offsets of a batch that inflates beyond the limit. */
export type Run =
  | { readonly kind: 'records'; readonly records: Records }
  | { readonly kind: 'too-large'; readonly from: number; readonly next: number }

export interface ReadOptions {
  readonly from: number
  readonly aborted: readonly AbortedTransaction[]
  readonly codecs?: Codecs
  readonly inflatedBytesMax?: number
}

/** Neighbouring small compressed batches are joined up to this, so that a step is worth its call. */
const JOINED_BYTES = 1024 * 1024

type Piece = { readonly batch: RecordBatch; readonly bytes: Uint8Array; readonly at: number; readonly end: number }

/** The records of `batches` from offset `from` on, in runs; at least one run where there is at least one batch. */
export function* runsOf(batches: readonly RecordBatch[], options: ReadOptions): Generator<Run, void, undefined> {
  const codecs = options.codecs ?? builtInCodecs
  const bytesMax = options.inflatedBytesMax ?? INFLATED_BYTES_MAX
  const visible = visibility(options.aborted)
  let pieces: Piece[] = []
  let joined = 0
  let passed = -1
  const flush = (): Run[] => {
    if (passed < 0) return []
    const run: Run = { kind: 'records', records: runOf(pieces, options.from, passed) }
    pieces = []
    joined = 0
    passed = -1
    return [run]
  }
  for (const batch of batches) {
    if (batch.nextOffset <= options.from) continue
    if (!visible(batch) || batch.count === 0) {
      passed = batch.nextOffset
      continue
    }
    verify(batch)
    const piece = pieceOf(batch, codecs, bytesMax)
    if (piece === 'too-large') {
      yield* flush()
      yield { kind: 'too-large', from: Math.max(batch.baseOffset, options.from), next: batch.nextOffset }
      continue
    }
    const first = pieces[0]
    const shares = first === undefined || (first.bytes === piece.bytes && first.bytes === batch.bytes)
    if (!shares && joined + piece.end - piece.at > JOINED_BYTES) yield* flush()
    pieces.push(piece)
    joined += piece.end - piece.at
    passed = batch.nextOffset
  }
  yield* flush()
}

/** Decides by header, in order, which batches a read_committed reader sees. */
function visibility(aborted: readonly AbortedTransaction[]): (batch: RecordBatch) => boolean {
  const waiting = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset)
  const live = new Set<number>()
  return (batch) => {
    for (let next = waiting.at(-1); next !== undefined && next.firstOffset < batch.nextOffset; next = waiting.at(-1)) {
      live.add(next.producerId)
      waiting.pop()
    }
    if (batch.control) {
      live.delete(batch.producerId)
      return false
    }
    return !(batch.transactional && live.has(batch.producerId))
  }
}

function verify(batch: RecordBatch): void {
  const view = new DataView(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength)
  if (crc32c(batch.bytes, batch.at + AT_ATTRIBUTES, batch.end) === view.getUint32(batch.at + AT_CRC)) return
  throw new Failure('log-corrupt', `checksum of the record batch at offset ${batch.baseOffset} is wrong; read it again`)
}

function pieceOf(batch: RecordBatch, codecs: Codecs, bytesMax: number): Piece | 'too-large' {
  const at = batch.at + HEADER_BYTES
  if (batch.codec === 'none') return { batch, bytes: batch.bytes, at, end: batch.end }
  const bytes = codecs[batch.codec](batch.bytes.subarray(at, batch.end), bytesMax)
  return bytes === 'too-large' ? bytes : { batch, bytes, at: 0, end: bytes.length }
}

function runOf(pieces: readonly Piece[], from: number, nextOffset: number): Records {
  let capacity = 0
  for (const piece of pieces) capacity += piece.batch.count
  const first = pieces[0]
  if (first === undefined) return new RunBuilder(new Uint8Array(0), 0).finish(nextOffset)
  if (pieces.every((piece) => piece.bytes === first.bytes)) {
    const run = new RunBuilder(first.bytes, capacity)
    for (const { batch, at, end } of pieces) run.add(batch, at, end, from)
    return run.finish(nextOffset)
  }
  let size = 0
  for (const piece of pieces) size += piece.end - piece.at
  const bytes = new Uint8Array(size)
  const run = new RunBuilder(bytes, capacity)
  let at = 0
  for (const piece of pieces) {
    const length = piece.end - piece.at
    bytes.set(piece.bytes.subarray(piece.at, piece.end), at)
    run.add(piece.batch, at, at + length, from)
    at += length
  }
  return run.finish(nextOffset)
}
