// Nearest rows: both kernels give the same bits, which are those of looking at every row; ties keep the order of the rows.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../../libs/core/random.ts'
import { Arena } from '../../../libs/detector/kernel/arena.ts'
import { type Kernel, twinKernel, wasmKernel } from '../../../libs/detector/kernel/kernel.ts'
import { DISTANCE, NEAREST, operation, RECALL } from '../../../libs/detector/kernel/program.ts'
import { packed } from '../../../libs/detector/packing.ts'

const seed = Number(process.env['SEED'] ?? 11)

interface Found {
  readonly distances: Float32Array
  readonly recalled: Float32Array
}

function found(
  make: (bytes: number) => Kernel,
  stored: readonly Float32Array[],
  rows: readonly Float32Array[],
  neighbours: number,
): Found {
  const width = stored[0]!.length
  const stride = Math.ceil(width / 8) * 8
  const blocks = Math.ceil(stored.length / 64) * 8
  const weights = new Float32Array(width * blocks * 8)
  const norms = new Float32Array(blocks * 8).fill(3.4028234663852886e38)
  for (const [i, row] of stored.entries()) {
    for (let j = 0; j < width; j++) weights[j * blocks * 8 + i] = -2 * row[j]!
    norms[i] = row.reduce((sum, value) => sum + value * value, 0)
  }
  const arena = new Arena()
  const room = Math.ceil(rows.length / 4) * 4
  const z = arena.reserve(room * stride)
  const at = arena.place(packed(weights, width, blocks * 8))
  const normsAt = arena.place(norms)
  const factors = arena.place(new Float32Array(stored.length).fill(2))
  const plain = arena.place(
    Float32Array.from(stored.flatMap((row) => [...row, ...new Array<number>(stride - width).fill(0)])),
  )
  const [scratch, best] = [arena.reserve(room * 64), arena.reserve(room * 16)]
  const [recalled, scores] = [arena.reserve(room * stride), arena.reserve(room)]
  const program = arena.program([
    ...operation(NEAREST, z, stride * 4, width, at, normsAt, blocks, scratch, best, neighbours),
    ...operation(RECALL, best, neighbours, plain, recalled, stride * 4),
    ...operation(DISTANCE, z, stride / 4, best, neighbours, factors, scores),
  ])
  const kernel = make(arena.bytes)
  arena.furnish(kernel.memory)
  for (const [i, row] of rows.entries()) new Float32Array(kernel.memory, z + i * stride * 4, width).set(row)
  kernel.run(program, rows.length, rows.length)
  return {
    distances: new Float32Array(kernel.memory, scores, rows.length).slice(),
    recalled: new Float32Array(kernel.memory, recalled, rows.length * stride).slice(),
  }
}

function drawn(count: number, width: number, what: string): Float32Array[] {
  const random = Random.derived(seed, what)
  return Array.from({ length: count }, () => Float32Array.from({ length: width }, () => random.normal()))
}

for (const [count, width, neighbours] of [
  [64, 3, 1],
  [200, 13, 5],
  [700, 30, 8],
] as const) {
  test(`the ${neighbours} nearest of ${count} rows of ${width}`, () => {
    const stored = drawn(count, width, 'stored')
    const rows = drawn(9, width, 'rows')
    const { distances, recalled } = found(wasmKernel, stored, rows, neighbours)
    assert.deepEqual(found(twinKernel, stored, rows, neighbours), { distances, recalled })
    for (const [i, row] of rows.entries()) {
      const all = stored.map((other, index) => {
        return { index, square: other.reduce((sum, value, j) => sum + (value - row[j]!) ** 2, 0) }
      })
      all.sort((a, b) => a.square - b.square)
      const near = all.slice(0, neighbours)
      const far = near.reduce((sum, { square }) => sum + Math.sqrt(square), 0) / neighbours
      assert.ok(Math.abs(distances[i]! / 2 ** neighbours - far) < 1e-4 * (1 + far))
      for (let j = 0; j < width; j++) {
        const mean = near.reduce((sum, { index }) => sum + stored[index]![j]!, 0) / neighbours
        assert.ok(Math.abs(recalled[i * Math.ceil(width / 8) * 8 + j]! - mean) < 1e-5)
      }
    }
  })
}

test('a stored row is at distance 0 of itself, and equal rows are taken in their order', () => {
  const stored = drawn(100, 4, 'stored')
  stored[70] = stored[7]!
  const { distances, recalled } = found(wasmKernel, stored, [stored[7]!], 2)
  assert.ok(distances[0]! < 1e-2)
  assert.deepEqual([...recalled.subarray(0, 4)], [...stored[7]!])
})
