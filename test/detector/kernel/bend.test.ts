// Bent columns: both kernels give the same bits, which are those of the definition, with masks and without; unbent they are
// what they were.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../../libs/core/random.ts'
import { Arena } from '../../../libs/detector/kernel/arena.ts'
import { type Kernel, twinKernel, wasmKernel } from '../../../libs/detector/kernel/kernel.ts'
import { placeBend } from '../../../libs/detector/members-bend.ts'
import type { Bend } from '../../../libs/detector/model.ts'

const seed = Number(process.env['SEED'] ?? 7)
const count = 40
const clip = 1000

interface Found {
  readonly seen: Float32Array
  /** The rows, where masked as they are unbent. */
  readonly rows: Float32Array
}

function found(make: (bytes: number) => Kernel, bend: Bend, rows: Float32Array, masks: Int32Array | null): Found {
  const width = bend.center.length
  const stride = Math.ceil(width / 8) * 8
  const arena = new Arena()
  const placed = placeBend(arena, bend, width)
  assert.ok(placed.back !== undefined)
  const padded = new Float32Array(count * stride)
  const paddedMasks = new Int32Array(count * stride)
  for (let i = 0; i < count * width; i++) {
    const at = Math.floor(i / width) * stride + (i % width)
    padded[at] = rows[i]!
    paddedMasks[at] = masks?.[i] ?? 0
  }
  const from = { z: arena.place(padded), masks: arena.place(paddedMasks), counts: 0 }
  const to = { z: arena.reserve(count * stride), masks: 0, counts: 0 }
  const whole = placed.see({ ...from, masks: 0 }, stride / 4, to)
  const program = arena.program([...whole, ...placed.back(to.z, from, clip)])
  const masked = arena.program(placed.see(from, stride / 4, to))
  const kernel = make(arena.bytes)
  arena.furnish(kernel.memory)
  const plain = (at: number): Float32Array => {
    const all = new Float32Array(kernel.memory, at, count * stride)
    return Float32Array.from({ length: count * width }, (_, i) => all[Math.floor(i / width) * stride + (i % width)]!)
  }
  kernel.run(program, count, count)
  const seen = plain(to.z)
  const restored = plain(from.z)
  if (masks === null) return { seen, rows: restored }
  kernel.run(masked, count, count)
  return { seen: plain(to.z), rows: restored }
}

function bendOf(width: number): Bend {
  const random = Random.derived(seed, `bend-${width}`)
  const floats = (make: () => number): Float32Array => Float32Array.from({ length: width }, make)
  return {
    center: floats(() => random.normal()),
    inverse: floats(() => 10 ** random.normal()),
    scale: floats(() => 0.2 + random.uniform()),
  }
}

for (const width of [1, 7, 8, 30])
  test(`${width} columns`, () => {
    const random = Random.derived(seed, `rows-${width}`)
    const bend = bendOf(width)
    // From the middle of a column to as far as rows go, on both sides.
    const rows = Float32Array.from({ length: count * width }, () =>
      Math.max(-clip, Math.min(clip, random.normal() * 10 ** (2 * random.normal()))),
    )
    for (let j = 0; j < width; j++) rows[j] = bend.center[j]!
    const masks = Int32Array.from(rows, () => (random.uniform() < 0.3 ? -1 : 0))
    const whole = found(wasmKernel, bend, rows, null)
    const holed = found(wasmKernel, bend, rows, masks)
    assert.deepEqual(found(twinKernel, bend, rows, null), whole)
    assert.deepEqual(found(twinKernel, bend, rows, masks), holed)
    for (const [i, seen] of whole.seen.entries()) {
      const j = i % width
      const wanted = bend.scale[j]! * Math.asinh(Math.fround(rows[i]! - bend.center[j]!) * bend.inverse[j]!)
      assert.ok(Math.abs(seen - wanted) <= 1e-6 * (1 + Math.abs(wanted)), `${seen} for ${wanted}`)
      assert.equal(holed.seen[i], masks[i] === 0 ? seen : 0)
      const off = Math.abs(holed.rows[i]! - rows[i]!)
      if (masks[i] === 0) assert.equal(off, 0)
      else assert.ok(off <= 2e-5 * (Math.abs(rows[i]!) + 1 / bend.inverse[j]!), `${holed.rows[i]} for ${rows[i]}`)
    }
  })

test('what is too far, too steep or too flat is seen as a number, and unbent within the clip', () => {
  const [far, small] = [3.4e38, 1e-38]
  const bend = {
    center: Float32Array.of(0, far, -far, 0, 0, 1),
    inverse: Float32Array.of(far, far, far, small, 1, 1),
    scale: Float32Array.of(1, 1, 1, 1, small, 1e30),
  }
  const values = Float32Array.of(far, -far, 0, -0, 1e-30, 1)
  const rows = Float32Array.from({ length: count * 6 }, (_, i) => values[Math.floor(i / 6) % 6]!)
  const masks = new Int32Array(rows.length).fill(-1)
  const { seen, rows: back } = found(wasmKernel, bend, rows, null)
  assert.ok(seen.every(Number.isFinite))
  assert.deepEqual(found(twinKernel, bend, rows, null), { seen, rows: back })
  const unbent = found(wasmKernel, bend, rows, masks)
  assert.ok(unbent.rows.every((value) => Math.abs(value) <= clip))
  assert.deepEqual(found(twinKernel, bend, rows, masks), unbent)
})
