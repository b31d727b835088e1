// Pack: a bucket as bytes, for the state topic. Little-endian:
//   magic u32 · format u32 · revision 16 ASCII · bucket u32 · buckets u32 · cells u32 · floats u32 · keys u32
//   a key, least recently used first: hash 2 × u32 · bitmap of the cells that are not blank · those cells, 8 bytes each ·
//   the steps that its ring holds, oldest first, f32 each
//   hash64 of everything before, 2 × u32
// Invariants
//   K1 equal state gives equal bytes: keys in order of use, ring unrolled, slots and capacity left out, one bit pattern
//      for NaN.
//   K2 bytes that are not one whole bucket of this revision, place and shape are refused as state-mismatch.
// Most cells of most keys are blank (a pane without records), hence the bitmap.

import { Failure } from '../core/failure.ts'
import { hash64 } from '../core/hash.ts'
import { SLAB_CELLS, Slab, TIME_CELL } from './slab.ts'

const MAGIC = 0x31424c50
const FORMAT = 1
const REVISION_LENGTH = 16
const HEADER_LENGTH = 8 + REVISION_LENGTH + 20
const SUM_LENGTH = 8
const NAN_BITS = 0x7fc00000

/** What packed bytes must agree with. */
export interface Shape {
  readonly revision: string
  readonly bucket: number
  readonly buckets: number
  readonly keysMax: number
  /** What cells hold before a key's first record; its length is their number. */
  readonly blank: Float64Array
  /** The cell with the ring's words (steps there, next position); −1 without a ring. */
  readonly ringCell: number
  readonly stepWidth: number
  /** Floats of a ring; 0 without one. */
  readonly stepStride: number
}

export function pack(slab: Slab, shape: Shape): Uint8Array {
  const cells = shape.blank.length
  const bitmap = Math.ceil(cells / 8)
  const keyLengthMax = 8 + bitmap + 8 * cells + 4 * shape.stepStride
  const bytes = new Uint8Array(HEADER_LENGTH + slab.keysOf(shape.bucket) * keyLengthMax + SUM_LENGTH)
  const view = new DataView(bytes.buffer)
  writeHeader(view, slab, shape)
  const blankWords = new Uint32Array(shape.blank.buffer, shape.blank.byteOffset, 2 * cells)
  let at = HEADER_LENGTH
  for (const slot of slab.order(shape.bucket)) {
    view.setUint32(at, slab.high(slot), true)
    view.setUint32(at + 4, slab.low(slot), true)
    at = packCells(slab, slot, shape, blankWords, view, at + 8)
    if (shape.stepStride > 0) at = packSteps(slab, slot, shape, view, at)
  }
  const sum = checksum(bytes, at)
  view.setUint32(at, sum[0]!, true)
  view.setUint32(at + 4, sum[1]!, true)
  return bytes.slice(0, at + SUM_LENGTH)
}

function writeHeader(view: DataView, slab: Slab, shape: Shape): void {
  view.setUint32(0, MAGIC, true)
  view.setUint32(4, FORMAT, true)
  for (let i = 0; i < REVISION_LENGTH; i++) view.setUint8(8 + i, shape.revision.charCodeAt(i))
  const numbers = [shape.bucket, shape.buckets, shape.blank.length, shape.stepStride, slab.keysOf(shape.bucket)]
  for (const [i, number] of numbers.entries()) view.setUint32(8 + REVISION_LENGTH + 4 * i, number, true)
}

function packCells(
  slab: Slab,
  slot: number,
  shape: Shape,
  blankWords: Uint32Array,
  view: DataView,
  begin: number,
): number {
  const cells = shape.blank.length
  const bitmap = begin
  let at = begin + Math.ceil(cells / 8)
  for (let cell = 0; cell < cells; cell++) {
    if (cell > TIME_CELL && cell < SLAB_CELLS) continue
    const word = 2 * (slot * slab.stride + cell)
    const low = slab.words[word]!
    let high = slab.words[word + 1]!
    if (cell === shape.ringCell) high = low * shape.stepWidth === shape.stepStride ? 0 : low
    if (low === blankWords[2 * cell] && high === blankWords[2 * cell + 1]) continue
    view.setUint8(bitmap + (cell >> 3), view.getUint8(bitmap + (cell >> 3)) | (1 << (cell & 7)))
    view.setUint32(at, low, true)
    view.setUint32(at + 4, high, true)
    at += 8
  }
  return at
}

function packSteps(slab: Slab, slot: number, shape: Shape, view: DataView, begin: number): number {
  const word = 2 * (slot * slab.stride + shape.ringCell)
  const floats = slab.words[word]! * shape.stepWidth
  const full = floats === shape.stepStride
  const oldest = full ? slab.words[word + 1]! * shape.stepWidth : 0
  let at = begin
  for (let i = 0; i < floats; i++) {
    const from = oldest + i
    const x = slab.steps[slot * shape.stepStride + (from >= floats ? from - floats : from)]!
    if (!Number.isNaN(x)) view.setFloat32(at, x, true)
    else view.setUint32(at, NAN_BITS, true)
    at += 4
  }
  return at
}

/** The bucket in a slab of its own. */
export function unpack(bytes: Uint8Array, shape: Shape): Slab {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = bytes.length - SUM_LENGTH
  const keys = readHeader(view, shape, end)
  const sum = checksum(bytes, end)
  if (view.getUint32(end, true) !== sum[0] || view.getUint32(end + 4, true) !== sum[1]) {
    throw mismatch(shape, 'its checksum is wrong')
  }
  const { keysMax, stepStride } = shape
  const slab = new Slab({ buckets: 1, keysMax, stride: shape.blank.length, stepStride })
  let at = HEADER_LENGTH
  for (let key = 0; key < keys; key++) {
    if (at + 8 > end) throw mismatch(shape, 'it ends within a key')
    const high = view.getUint32(at, true)
    const low = view.getUint32(at + 4, true)
    if (high % shape.buckets !== shape.bucket) throw mismatch(shape, 'it holds a key of another bucket')
    if (slab.find(high, low) >= 0) throw mismatch(shape, 'it holds a key twice')
    const slot = slab.take(high, low)
    at = unpackCells(slab, slot, shape, view, at + 8, end)
    if (shape.stepStride > 0) at = unpackSteps(slab, slot, shape, view, at, end)
  }
  if (at !== end) throw mismatch(shape, `${end - at} bytes follow its last key`)
  return slab
}

function readHeader(view: DataView, shape: Shape, end: number): number {
  if (end < HEADER_LENGTH) throw mismatch(shape, `${view.byteLength} bytes are less than a header`)
  if (view.getUint32(0, true) !== MAGIC) throw mismatch(shape, 'its first bytes are those of something else')
  const format = view.getUint32(4, true)
  if (format !== FORMAT) throw mismatch(shape, `it has format ${format}, this version reads ${FORMAT}`)
  let revision = ''
  for (let i = 0; i < REVISION_LENGTH; i++) revision += String.fromCharCode(view.getUint8(8 + i))
  if (revision !== shape.revision) throw mismatch(shape, `it is of revision ${revision}, expected ${shape.revision}`)
  const expected = [shape.bucket, shape.buckets, shape.blank.length, shape.stepStride]
  for (const [i, name] of ['bucket', 'buckets', 'cells', 'floats'].entries()) {
    const found = view.getUint32(8 + REVISION_LENGTH + 4 * i, true)
    if (found !== expected[i]) throw mismatch(shape, `its ${name} is ${found}, expected ${expected[i]}`)
  }
  const keys = view.getUint32(8 + REVISION_LENGTH + 16, true)
  if (keys > shape.keysMax) throw mismatch(shape, `it holds ${keys} keys, at most ${shape.keysMax} are allowed`)
  return keys
}

function unpackCells(slab: Slab, slot: number, shape: Shape, view: DataView, bitmap: number, end: number): number {
  const cells = shape.blank.length
  let at = bitmap + Math.ceil(cells / 8)
  if (at > end) throw mismatch(shape, 'it ends within a key')
  slab.cells[slot * slab.stride + TIME_CELL] = 0
  for (let cell = SLAB_CELLS; cell < cells; cell++) slab.cells[slot * slab.stride + cell] = shape.blank[cell]!
  for (let cell = 0; cell < cells; cell++) {
    if ((view.getUint8(bitmap + (cell >> 3)) & (1 << (cell & 7))) === 0) continue
    if (cell > TIME_CELL && cell < SLAB_CELLS) throw mismatch(shape, 'it writes cells that are not packed')
    if (at + 8 > end) throw mismatch(shape, 'it ends within a key')
    const word = 2 * (slot * slab.stride + cell)
    slab.words[word] = view.getUint32(at, true)
    slab.words[word + 1] = view.getUint32(at + 4, true)
    at += 8
  }
  if (!Number.isFinite(slab.cells[slot * slab.stride + TIME_CELL]!)) throw mismatch(shape, 'a key has no time')
  return at
}

function unpackSteps(slab: Slab, slot: number, shape: Shape, view: DataView, begin: number, end: number): number {
  const word = 2 * (slot * slab.stride + shape.ringCell)
  const filled = slab.words[word]!
  const full = filled * shape.stepWidth === shape.stepStride
  if (filled * shape.stepWidth > shape.stepStride || slab.words[word + 1] !== (full ? 0 : filled)) {
    throw mismatch(shape, 'a key has more steps than a row')
  }
  const floats = filled * shape.stepWidth
  if (begin + 4 * floats > end) throw mismatch(shape, 'it ends within a key')
  for (let i = 0; i < floats; i++) slab.steps[slot * shape.stepStride + i] = view.getFloat32(begin + 4 * i, true)
  return begin + 4 * floats
}

function checksum(bytes: Uint8Array, length: number): Uint32Array {
  const sum = new Uint32Array(2)
  hash64(bytes, 0, length, sum, 0)
  return sum
}

function mismatch(shape: Shape, found: string): Failure {
  return new Failure(
    'state-mismatch',
    `packed state of bucket ${shape.bucket} cannot be used: ${found}; rebuild the state from the input`,
  )
}
