// Container: Avro object container files, as they come in by HTTP or from disk: the schema's text and the bare values.
// Invariants
//   O1 nothing is inflated beyond inflatedBytesMax in all, no more than recordsMax records are listed.
//   O2 every value is cut out by walking it (its length is not written down), so that a value is whole or the file refused.
//   O3 a failure names the block, counted from 0.

import { inflateRawSync } from 'node:zlib'
import { Failure } from '../core/failure.ts'
import { projection } from './projection-compile.ts'

export const inflatedBytesMax = 268_435_456
export const recordsMax = 10_000_000
const headerEntriesMax = 1_000

export interface Container {
  readonly schemaText: string
  /** Bare values, in order. Those of an uncompressed file are views of the file's bytes. */
  readonly values: readonly Uint8Array[]
}

const MAGIC = [0x4f, 0x62, 0x6a, 0x01] as const

/** Whether bytes begin as a container file does. */
export function isContainer(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte)
}

/** Failure('file-unreadable') or Failure('schema-invalid'). */
export function readContainer(file: Uint8Array): Container {
  if (!isContainer(file)) throw unreadable('is no Avro container file')
  const cursor = new Cursor(file, MAGIC.length)
  const header = metadata(cursor)
  const schemaText = text(header.get('avro.schema'))
  if (schemaText === '') throw unreadable('has no schema in its header')
  const codec = text(header.get('avro.codec')) || 'null'
  if (codec !== 'null' && codec !== 'deflate') {
    throw unreadable(`is compressed with ${codec}; write it with the codec null or deflate`)
  }
  const sync = cursor.take(16)
  const { size } = projection(schemaText, [])
  const values: Uint8Array[] = []
  let inflatedBytes = 0
  for (let block = 0; !cursor.atEnd; block++) {
    const count = cursor.long()
    const packed = cursor.take(cursor.long())
    const bytes = codec === 'null' ? packed : inflated(packed, inflatedBytesMax - inflatedBytes, block)
    inflatedBytes += codec === 'null' ? 0 : bytes.length
    if (count < 0 || count > recordsMax - values.length) throw unreadable(`has more than ${recordsMax} records`)
    let at = 0
    for (let i = 0; i < count; i++) {
      const after = size(bytes, at, bytes.length)
      // A value of no bytes could be stated any number of times.
      if (after <= at) throw unreadable(`does not follow its schema in block ${block}, record ${i}`)
      values.push(bytes.subarray(at, after))
      at = after
    }
    if (at !== bytes.length) throw unreadable(`has ${bytes.length - at} bytes after the records of block ${block}`)
    if (!cursor.take(16).every((byte, i) => byte === sync[i])) throw unreadable(`is torn after block ${block}`)
  }
  return { schemaText, values }
}

function unreadable(what: string, cause?: unknown): Failure {
  return new Failure('file-unreadable', `the file ${what}`, cause)
}

function text(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : new TextDecoder().decode(bytes)
}

function inflated(packed: Uint8Array, bytesMax: number, block: number): Uint8Array {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, bytesMax) })
  } catch (thrown) {
    throw unreadable(`cannot be inflated in block ${block}: ${Failure.of(thrown, 'file-unreadable').message}`, thrown)
  }
}

function metadata(cursor: Cursor): Map<string, Uint8Array> {
  const entries = new Map<string, Uint8Array>()
  for (;;) {
    let count = cursor.long()
    if (count === 0) return entries
    if (count < 0) {
      count = -count
      cursor.long()
    }
    if (count > headerEntriesMax - entries.size) throw unreadable(`has more than ${headerEntriesMax} header entries`)
    for (; count > 0; count--) {
      const name = text(cursor.take(cursor.long()))
      entries.set(name, cursor.take(cursor.long()))
    }
  }
}

/** A position in the file; whatever would pass its end is a failure. */
class Cursor {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  take(length: number): Uint8Array {
    if (!(length >= 0 && length <= this.#bytes.length - this.#at)) throw unreadable('ends within a part')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  long(): number {
    let zigzag = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.take(1)[0] ?? 0
      zigzag += (byte & 127) * scale
      if (byte < 128) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
      scale *= 128
    }
    throw unreadable('has a number of more than 10 bytes')
  }
}
