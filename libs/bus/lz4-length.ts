// Length of what an LZ4 frame inflates to, without inflating it: the native decoder takes no limit, so the limit is held
// here. First by the number of blocks, which is enough for honest frames; only where that says too much, exactly, by
// walking the sequences. Source: the LZ4 frame and block formats (Collet). Owns no state.

const MAGIC = 0x184d2204
const BLOCK_BYTES_MAX = [0, 0, 0, 0, 65_536, 262_144, 1_048_576, 4_194_304]
/** An LZ4 sequence adds at most 255 bytes of output per byte of input. */
const RATIO_MAX = 255
const UNCOMPRESSED = 0x80000000

/** An upper bound of the inflated length; exact where the cheap bound exceeds `enough`. Throws RangeError on bad framing. */
export function lz4LengthMax(bytes: Uint8Array, enough: number): number {
  const bound = walk(bytes, (length, blockMax) => Math.min(blockMax, length * RATIO_MAX))
  if (bound <= enough) return bound
  return walk(bytes, (length, _, at) => blockLength(bytes, at, at + length))
}

function walk(bytes: Uint8Array, measure: (length: number, blockMax: number, at: number) => number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError('lz4 magic')
  const flags = view.getUint8(4)
  const blockMax = BLOCK_BYTES_MAX[(view.getUint8(5) >>> 4) & 7] ?? 0
  const blockChecksumBytes = (flags & 16) === 0 ? 0 : 4
  let at = 7 + ((flags & 8) === 0 ? 0 : 8) + ((flags & 1) === 0 ? 0 : 4)
  let total = 0
  while (at < bytes.length) {
    const word = view.getUint32(at, true)
    if (word === 0) return total
    const length = word & 0x7fffffff
    at += 4
    if (at + length > bytes.length) throw new RangeError('lz4 block length')
    total += (word & UNCOMPRESSED) === 0 ? measure(length, blockMax, at) : length
    at += length + blockChecksumBytes
  }
  return total
}

function blockLength(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  let total = 0
  while (at < end) {
    const token = bytes[at++]!
    let literals = token >>> 4
    if (literals === 15) {
      let more = 255
      while (more === 255 && at < end) {
        more = bytes[at++]!
        literals += more
      }
    }
    at += literals
    total += literals
    if (at >= end) return total
    at += 2
    let match = (token & 15) + 4
    if (match === 19) {
      let more = 255
      while (more === 255 && at < end) {
        more = bytes[at++]!
        match += more
      }
    }
    total += match
  }
  return total
}
