// Safetensors: named float32 tensors and a map of texts as one run of bytes: the header's length as u64 little-endian, the
// header as JSON padded with spaces to 8 bytes, then the tensors' data. Reading executes nothing and trusts nothing.
// Format: github.com/huggingface/safetensors. Of its types only F32 is read and written.
// Invariants
//   S1 what is read covers the data exactly: no tensor overlaps another, none leaves a gap, none reaches outside.
//   S2 equal contents give equal bytes: tensors in the order given, offsets ascending.
//   S3 tensors are copies of their own, aligned whatever the alignment of the bytes.

import { Failure } from '../core/failure.ts'

export interface Tensor {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

export interface Tensors {
  readonly metadata: ReadonlyMap<string, string>
  readonly tensors: ReadonlyMap<string, Tensor>
}

export const headerBytesMax = 1024 * 1024
export const safetensorsBytesMax = 256 * 1024 * 1024
const metadataName = '__metadata__'

export function writeSafetensors(contents: Tensors): Uint8Array {
  const header: Record<string, unknown> = { [metadataName]: Object.fromEntries(contents.metadata) }
  let end = 0
  for (const [name, { shape, values }] of contents.tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + values.length * 4] }
    end += values.length * 4
  }
  const json = Buffer.from(JSON.stringify(header), 'utf8')
  const headerBytes = Math.ceil(json.length / 8) * 8
  if (headerBytes > headerBytesMax) invalid(`a header of ${headerBytes} bytes; at most ${headerBytesMax} are allowed`)
  const bytes = new Uint8Array(8 + headerBytes + end).fill(0x20, 8, 8 + headerBytes)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(headerBytes), true)
  bytes.set(json, 8)
  let at = 8 + headerBytes
  for (const { values } of contents.tensors.values()) {
    for (let i = 0; i < values.length; i++, at += 4) view.setFloat32(at, values[i]!, true)
  }
  return bytes
}

export function readSafetensors(bytes: Uint8Array): Tensors {
  if (bytes.length < 8) invalid(`${bytes.length} bytes; a header length of 8 bytes is expected`)
  if (bytes.length > safetensorsBytesMax) invalid(`${bytes.length} bytes; at most ${safetensorsBytesMax} are allowed`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const declared = view.getBigUint64(0, true)
  if (declared > BigInt(headerBytesMax)) invalid(`a header of ${declared} bytes; at most ${headerBytesMax} are allowed`)
  const headerBytes = Number(declared)
  if (8 + headerBytes > bytes.length) invalid(`a header of ${headerBytes} bytes in a file of ${bytes.length}`)
  const header = parseHeader(bytes.subarray(8, 8 + headerBytes))
  const dataBytes = bytes.length - 8 - headerBytes
  const metadata = new Map<string, string>()
  const tensors = new Map<string, Tensor>()
  const ranges: { readonly name: string; readonly start: number; readonly end: number }[] = []
  for (const [name, entry] of Object.entries(header)) {
    if (name === metadataName) {
      for (const [key, text] of Object.entries(record(entry, name))) {
        if (typeof text !== 'string') invalid(`${name}.${key} is not a text`)
        metadata.set(key, text)
      }
      continue
    }
    const { shape, start, end } = describe(name, record(entry, name), dataBytes)
    const values = new Float32Array((end - start) / 4)
    for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(8 + headerBytes + start + i * 4, true)
    tensors.set(name, { shape, values })
    ranges.push({ name, start, end })
  }
  checkCover(ranges, dataBytes)
  return { metadata, tensors }
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  try {
    return record(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), 'header')
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    throw new Failure('artefact-invalid', `safetensors: the header is not JSON: ${String(cause)}`, cause)
  }
}

function describe(
  name: string,
  entry: Record<string, unknown>,
  dataBytes: number,
): { readonly shape: readonly number[]; readonly start: number; readonly end: number } {
  const { dtype, shape, data_offsets: offsets } = entry
  if (dtype !== 'F32') invalid(`tensor ${name} is of type ${String(dtype)}; F32 is expected`)
  if (!isCounts(shape)) invalid(`tensor ${name} has no shape of whole numbers`)
  if (!isCounts(offsets) || offsets.length !== 2) invalid(`tensor ${name} has no pair of data offsets`)
  const [start = 0, end = 0] = offsets
  if (start > end || end > dataBytes) {
    invalid(`tensor ${name} lies at ${start} to ${end}, outside the ${dataBytes} bytes of data`)
  }
  const size = shape.reduce((product, extent) => product * extent, 4)
  if (size !== end - start)
    invalid(`tensor ${name} of shape [${shape.join(', ')}] needs ${size} bytes; it has ${end - start}`)
  return { shape, start, end }
}

function checkCover(
  ranges: readonly { readonly name: string; readonly start: number; readonly end: number }[],
  dataBytes: number,
): void {
  let reached = 0
  for (const { name, start, end } of [...ranges].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < reached) invalid(`tensor ${name} overlaps the one before it`)
    if (start > reached) invalid(`there is a gap of ${start - reached} bytes before tensor ${name}`)
    reached = end
  }
  if (reached !== dataBytes) invalid(`${dataBytes - reached} bytes of data belong to no tensor`)
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0)
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) invalid(`${name} is not an object`)
  return value as Record<string, unknown>
}

function invalid(found: string): never {
  throw new Failure('artefact-invalid', `safetensors: ${found}`)
}
