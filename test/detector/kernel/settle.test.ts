// Settling: both kernels give the same bits, whatever is missing; what is not missing stays, and what is comes to the
// solution of the linear equations that the table stands for.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../../libs/core/random.ts'
import { Arena } from '../../../libs/detector/kernel/arena.ts'
import { type Kernel, twinKernel, wasmKernel } from '../../../libs/detector/kernel/kernel.ts'
import { operation, SETTLE } from '../../../libs/detector/kernel/program.ts'

const seed = Number(process.env['SEED'] ?? 13)
const count = 5

interface Drawn {
  readonly stride: number
  readonly rows: Float32Array
  readonly masks: Int32Array
  readonly given: Float32Array
  readonly offsets: Float32Array
}

function drawn(width: number, missingShare: number): Drawn {
  const random = Random.derived(seed, `settle-${width}-${missingShare}`)
  const stride = Math.ceil(width / 8) * 8
  const inside = (i: number): boolean => i % stride < width
  const rows = Float32Array.from({ length: count * stride }, (_, i) => (inside(i) ? random.normal() : 0))
  const masks = Int32Array.from(rows, (_, i) => (inside(i) && random.uniform() < missingShare ? -1 : 0))
  const given = Float32Array.from({ length: width * stride }, (_, i) => {
    const value = random.normal() / width
    return inside(i) && i % stride !== Math.floor(i / stride) ? value : 0
  })
  const offsets = Float32Array.from({ length: stride }, (_, i) => (inside(i) ? random.normal() : 0))
  return { stride, rows, masks, given, offsets }
}

function settled(make: (bytes: number) => Kernel, { stride, rows, masks, given, offsets }: Drawn, sweeps: number) {
  const arena = new Arena()
  const [at, masksAt] = [arena.place(rows), arena.place(masks)]
  const words = operation(SETTLE, at, masksAt, arena.place(given), arena.place(offsets), sweeps, stride / 4)
  const program = arena.program(words)
  const kernel = make(arena.bytes)
  arena.furnish(kernel.memory)
  kernel.run(program, count, count)
  return new Float32Array(kernel.memory, at, rows.length).slice()
}

for (const width of [1, 7, 12, 40])
  for (const share of [0, 0.3, 1])
    test(`${width} columns, ${share} of them missing`, () => {
      const before = drawn(width, share)
      const after = settled(wasmKernel, before, 3)
      assert.deepEqual(settled(twinKernel, before, 3), after)
      const { stride, rows, masks, given, offsets } = before
      const far = settled(wasmKernel, before, 60)
      for (const [i, value] of far.entries()) {
        if (masks[i] === 0) {
          assert.equal(after[i], rows[i])
          continue
        }
        const column = i % stride
        const row = far.subarray(i - column, i - column + stride)
        const wanted = row.reduce((sum, other, k) => sum + other * given[column * stride + k]!, offsets[column]!)
        assert.ok(Math.abs(value - wanted) < 1e-4, `column ${column}: ${value} for ${wanted}`)
      }
    })
