// Compression: how the records of a batch are inflated. The only door to lz4-napi. Owns no state.
// Invariants
//   Z1 nothing inflates beyond `bytesMax`: the answer is then 'too-large', found before the memory is taken.
//   Z2 bytes that do not follow their format are a Failure('log-corrupt'), a missing codec names the remedy.
// All codecs are synchronous: a batch is about a megabyte, and a promise per batch costs more than it hides.

import * as zlib from 'node:zlib'
import { decompressFrameSync } from 'lz4-napi'
import { Failure } from '../core/failure.ts'
import { lz4LengthMax } from './lz4-length.ts'
import { inflateSnappy, snappyLength } from './snappy.ts'

export const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type CodecName = (typeof codecNames)[number]

export type Inflate = (bytes: Uint8Array, bytesMax: number) => Uint8Array | 'too-large'
export type Codecs = Readonly<Record<Exclude<CodecName, 'none'>, Inflate>>

/** What one batch may inflate to, unless told otherwise. */
export const INFLATED_BYTES_MAX = 64 * 1024 * 1024

const XERIAL_MAGIC = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0)
const XERIAL_HEADER_BYTES = 16

function byZlib(inflate: (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer): Inflate {
  return (bytes, bytesMax) => {
    try {
      return inflate(bytes, { maxOutputLength: bytesMax })
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_BUFFER_TOO_LARGE') return 'too-large'
      throw corrupt(thrown)
    }
  }
}

function corrupt(thrown: unknown): Failure {
  return new Failure('log-corrupt', 'a compressed record batch cannot be inflated; is the log damaged?', thrown)
}

function snappy(bytes: Uint8Array, bytesMax: number): Uint8Array | 'too-large' {
  try {
    const pieces = XERIAL_MAGIC.every((byte, i) => bytes[i] === byte) ? xerialBlocks(bytes) : [bytes]
    let size = 0
    for (const piece of pieces) size += snappyLength(piece)
    if (size > bytesMax) return 'too-large'
    const whole = new Uint8Array(size)
    let at = 0
    for (const piece of pieces) at = inflateSnappy(piece, whole, at)
    return whole
  } catch (thrown) {
    throw corrupt(thrown)
  }
}

/** The framing of snappy-java, which Kafka's own clients write: a header, then blocks behind their lengths. */
function xerialBlocks(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const blocks: Uint8Array[] = []
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length; ) {
    const length = view.getInt32(at)
    if (length <= 0 || at + 4 + length > bytes.length) throw new RangeError('snappy block length')
    blocks.push(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return blocks
}

function lz4(bytes: Uint8Array, bytesMax: number): Uint8Array | 'too-large' {
  try {
    if (lz4LengthMax(bytes, bytesMax) > bytesMax) return 'too-large'
    return decompressFrameSync(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch (thrown) {
    throw corrupt(thrown)
  }
}

function missingZstd(): never {
  throw new Failure(
    'topic-mismatch',
    'a record batch is compressed with zstd, which this Node.js lacks; run on Node.js 22.15 or newer, or set the ' +
      "topic's compression.type to lz4",
  )
}

/** zstd joined node:zlib in 22.15; older declarations do not know it. */
function zstd(): Inflate {
  const inflate: unknown = Reflect.get(zlib, 'zstdDecompressSync')
  if (typeof inflate !== 'function') return missingZstd
  return byZlib((bytes, options) => inflate(bytes, options))
}

export const builtInCodecs: Codecs = { gzip: byZlib(zlib.gunzipSync), snappy, lz4, zstd: zstd() }
