// Trailing means: both kernels give the same bits, which are those of the definition, with masks and without.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../../libs/core/random.ts'
import { Arena } from '../../../libs/detector/kernel/arena.ts'
import { type Kernel, twinKernel, wasmKernel } from '../../../libs/detector/kernel/kernel.ts'
import { lensBlock, lensWidth, seenThrough, spansOf } from '../../../libs/detector/lens.ts'
import { placeLens } from '../../../libs/detector/members-lens.ts'
import type { Lens } from '../../../libs/detector/model.ts'

const seed = Number(process.env['SEED'] ?? 5)
const count = 9

interface Found {
  readonly seen: Float32Array
  readonly masks: Int32Array
  readonly counts: Int32Array
}

function found(make: (bytes: number) => Kernel, lens: Lens, rows: Float32Array, masked: boolean): Found {
  const width = rows.length / count
  const stride = Math.ceil(width / 8) * 8
  const seen = lensWidth(lens)
  const arena = new Arena()
  const placed = placeLens(arena, lens, width)
  assert.ok(placed !== null)
  const [z, masks, counts] = [arena.reserve(count * stride), arena.reserve(count * stride), arena.reserve(count)]
  const out = { z: arena.reserve(count * seen), masks: arena.reserve(count * seen), counts }
  const from = { z, masks: masked ? masks : 0, counts: 0 }
  const program = arena.program(placed.see(from, stride / 4, masked ? out : { ...out, masks: 0, counts: 0 }))
  const kernel = make(arena.bytes)
  arena.furnish(kernel.memory)
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * width, (i + 1) * width)
    new Float32Array(kernel.memory, z + i * stride * 4, width).set(
      row.map((value) => (Number.isNaN(value) ? 0 : value)),
    )
    new Int32Array(kernel.memory, masks + i * stride * 4, width).set(Array.from(row, (v) => (Number.isNaN(v) ? -1 : 0)))
  }
  kernel.run(program, count, count)
  return {
    seen: new Float32Array(kernel.memory, out.z, count * seen).slice(),
    masks: new Int32Array(kernel.memory, out.masks, count * seen).slice(),
    counts: new Int32Array(kernel.memory, counts, count).slice(),
  }
}

function lensOf(channels: number, steps: number): Lens {
  const random = Random.derived(seed, 'lens')
  const shape = { channels, spans: spansOf(steps) }
  const block = lensBlock(shape)
  const used = (i: number): boolean => i % block < channels && i < shape.spans.length * block
  const floats = (make: () => number): Float32Array =>
    Float32Array.from({ length: lensWidth(shape) }, (_, i) => (used(i) ? make() : 0))
  return { ...shape, center: floats(() => random.normal()), inverse: floats(() => 1 + random.uniform()), clip: 3 }
}

for (const [channels, steps] of [
  [1, 1],
  [1, 64],
  [3, 5],
  [8, 8],
  [13, 33],
] as const)
  for (const missing of [0, 0.3, 0.9])
    test(`${channels} channels over ${steps} steps, ${missing} of the values missing`, () => {
      const lens = lensOf(channels, steps)
      const random = Random.derived(seed, 'rows')
      const rows = Float32Array.from({ length: count * channels * steps }, () => {
        const value = random.normal()
        return random.uniform() < missing ? Number.NaN : value
      })
      const masked = missing > 0
      const { seen, masks, counts } = found(wasmKernel, lens, rows, masked)
      assert.deepEqual(found(twinKernel, lens, rows, masked), { seen, masks, counts })
      const wanted = seenThrough(lens, rows, channels * steps)
      const width = lensWidth(lens)
      const lost = new Int32Array(count)
      for (const [i, value] of wanted.entries()) {
        if (Number.isNaN(value)) {
          assert.ok(seen[i] === 0 && masks[i] === -1)
          lost[Math.floor(i / width)]!++
        } else {
          assert.ok(Math.abs(seen[i]! - value) < 1e-5, `column ${i}: ${seen[i]}, expected ${value}`)
          if (masked) assert.equal(masks[i], 0)
        }
      }
      if (masked) assert.deepEqual(counts, lost)
    })
