// Snappy: one block, inflated into memory that is there already. Ours, because the usual decoder for JavaScript runs for ever
// on some damaged blocks. Source: the Snappy format description (Google). Owns no state.
// Invariants
//   S1 every turn of the loop consumes a byte of input, so any input ends in time proportional to it and to the output.
//   S2 nothing is read outside the block or written outside [at, at + length); a copy reaches back into its own block only.
// Throws RangeError for a block that is not exactly what its header claims.

/** Length that a block claims to inflate to. */
export function snappyLength(block: Uint8Array): number {
  let length = 0
  let scale = 1
  for (const byte of block.subarray(0, 5)) {
    length += (byte & 127) * scale
    if (byte < 128) return length
    scale *= 128
  }
  throw new RangeError('snappy length')
}

/** Inflates `block` into `out` from `at` on; answers the position after it. */
export function inflateSnappy(block: Uint8Array, out: Uint8Array, at: number): number {
  const end = at + snappyLength(block)
  if (end > out.length) throw new RangeError('snappy room')
  const size = block.length
  let from = 0
  while (block[from]! > 127) from++
  from++
  let to = at
  while (from < size) {
    const tag = block[from++]!
    const kind = tag & 3
    if (kind === 0) {
      let length = tag >>> 2
      if (length >= 60) {
        const bytes = length - 59
        if (from + bytes > size) throw new RangeError('snappy literal length')
        length = littleEndian(block, from, bytes)
        from += bytes
      }
      length += 1
      if (length > size - from || length > end - to) throw new RangeError('snappy literal')
      out.set(block.subarray(from, from + length), to)
      from += length
      to += length
      continue
    }
    const bytes = kind === 3 ? 4 : kind
    if (from + bytes > size) throw new RangeError('snappy offset')
    const low = littleEndian(block, from, bytes)
    from += bytes
    const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1
    const offset = kind === 1 ? ((tag >>> 5) << 8) + low : low
    if (offset === 0 || offset > to - at || length > end - to) throw new RangeError('snappy copy')
    // Byte by byte: a copy may run into what it has just written.
    for (let i = 0; i < length; i++) out[to + i] = out[to + i - offset]!
    to += length
  }
  if (to !== end) throw new RangeError('snappy end')
  return end
}

function littleEndian(block: Uint8Array, at: number, bytes: number): number {
  let value = 0
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + block[at + i]!
  return value
}
