// Expected: what a member expects of rows as it sees them, by the kernel that will serve it; for fits.

import { Arena } from '../kernel/arena.ts'
import { kernel } from '../kernel/kernel.ts'
import { type Buffers, placeMember } from '../members.ts'
import type { Member } from '../model.ts'

/** Rows that go through together; a multiple of 4. */
const chunkRows = 64

/** Of rows (stride = width) without missing values; the member has no lens. */
export function expectedBy(member: Member, rows: Float32Array, width: number): Float32Array {
  const arena = new Arena()
  const placed = placeMember(arena, member, width, chunkRows)
  const room = (): number => arena.reserve(chunkRows * placed.columnsMax)
  const stride = Math.ceil(width / 8) * 8
  const buffers: Buffers = {
    z: room(),
    left: room(),
    right: room(),
    reconstructed: room(),
    residual: room(),
    vectors: stride / 4,
  }
  const program = arena.program(placed.reconstruct(buffers))
  const running = kernel(arena.bytes)
  arena.furnish(running.memory)
  const z = new Float32Array(running.memory, buffers.z, chunkRows * stride)
  const found = new Float32Array(running.memory, buffers.reconstructed, chunkRows * stride)
  const out = new Float32Array(rows.length)
  const count = rows.length / width
  for (let from = 0; from < count; from += chunkRows) {
    const size = Math.min(chunkRows, count - from)
    for (let i = 0; i < size; i++) z.set(rows.subarray((from + i) * width, (from + i + 1) * width), i * stride)
    running.run(program, size, chunkRows)
    for (let i = 0; i < size; i++) out.set(found.subarray(i * stride, i * stride + width), (from + i) * width)
  }
  return out
}
