// Novelty: against all values held side by side, and what it must do whatever the values are.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Random } from '../../libs/core/random.ts'
import { novelty, noveltyCold, noveltyHot } from '../../libs/stream/novelty.ts'

const { PLUMBLINE_TEST_SEED } = process.env
const seed = Number(PLUMBLINE_TEST_SEED ?? 20261125)

function novelties(values: readonly number[]): number[] {
  const cells = Float64Array.of(...noveltyHot, ...noveltyCold)
  return values.map((x) => novelty(cells, 0, noveltyHot.length, x))
}

function noise(count: number): number[] {
  const random = new Random(seed)
  return Array.from({ length: count }, () => 2 * random.uniform() - 1)
}

const momentsOf = (values: readonly number[]): { mean: number; spread: number } => {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  return { mean, spread: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length) }
}

/** As it is defined, while every value is remembered and none is far out. */
function defined(values: readonly number[]): number[] {
  const logs: number[] = []
  const scores: number[] = []
  return values.map((x, i) => {
    if (i < 50) return 0
    const nearest = Math.min(...values.slice(0, i).map((before) => Math.abs(x - before)))
    const { mean, spread } = momentsOf(logs)
    logs.push(Math.log(Math.min(10, nearest / momentsOf(values.slice(0, i + 1)).spread) + 0.1))
    const score = logs.length > 50 ? ((logs.at(-1) ?? 0) - mean) / Math.max(spread, 0.01) : 0
    const since = scores.length - (scores.length % 20) - (scores.length % 20 === 0 ? 100 : 80)
    const greatest = Math.max(0, ...scores.slice(Math.max(0, since)))
    scores.push(score)
    return score > greatest ? score : 0
  })
}

test('the standardised logarithm of the distance to the nearest value before, where it is the greatest of late', () => {
  // Fewer different values than are remembered, and none that is far out.
  const random = new Random(seed)
  const list = Array.from({ length: 2000 }, () => Math.max(-60, Math.min(60, Math.round(2 * random.normal() ** 3))))
  list.splice(0, 2, 60, -60)
  const found = novelties(list)
  const wanted = defined(list)
  for (const [i, x] of wanted.entries())
    assert.ok(Math.abs((found[i] ?? 0) - x) < 1e-6, `value ${i}: ${found[i]}, ${x}`)
  assert.ok(wanted.filter((x) => x > 0).length > 5)
})

test('an incident speaks once, where it begins, and a thing that was seen before does not speak', () => {
  const list = noise(3000)
  list.fill(9, 2000, 2040)
  list[2600] = 9
  const found = novelties(list)
  const loud = [...found.keys()].filter((i) => (found[i] ?? 0) > 6)
  assert.deepEqual(loud, [2000])
  assert.equal(found[2600], 0)
})

test('a glitch, however wild, is heard, and what is new after it is heard as well', () => {
  for (const at of [20, 120, 1000]) {
    const list = noise(3000)
    list[at] = 1e12
    list[2000] = 9
    const found = novelties(list)
    if (at > 100) assert.ok((found[at] ?? 0) > 6, `${found[at]} at ${at}`)
    assert.ok((found[2000] ?? 0) > 3, `${found[2000]} after a glitch at ${at}`)
  }
})

test('nothing is said of a constant, nor before a hundred values, and the first change of a constant is loud', () => {
  for (const x of [0, 5, 0.1, -1e15]) assert.ok(novelties(new Array<number>(1000).fill(x)).every((y) => y === 0))
  const list = new Array<number>(1000).fill(0.1)
  list[50] = 7
  list[900] = 0.2
  const found = novelties(list)
  assert.ok(found.slice(0, 100).every((y) => y === 0))
  assert.ok((found[900] ?? 0) > 2, `${found[900]}`)
})

test('a scale and a shift change nothing', () => {
  const list = noise(1500).map((x, i) => Math.round(64 * (i % 300 === 299 ? 6 * x : x)))
  const plain = novelties(list)
  for (const [scale, shift] of [
    [1024, 0],
    [2 ** -20, 0],
    [4, 12_345_678],
  ] as const) {
    const found = novelties(list.map((x) => scale * x + shift))
    for (const [i, x] of plain.entries())
      assert.ok(Math.abs((found[i] ?? 0) - x) < 1e-6 * (1 + x), `${scale} ${shift} ${i}`)
  }
})

test('answers are finite and not negative, and remembered values stay in order, whatever comes', () => {
  const number = fc.oneof(
    fc.integer({ min: -5, max: 5 }),
    fc.double({ min: -1e15, max: 1e15, noNaN: true }),
    fc.double({ min: -1, max: 1, noNaN: true }),
    fc.constantFrom(0, 1e15, -1e15, 5e-324, 3.4e38, -3.4e38),
  )
  fc.assert(
    fc.property(fc.array(number, { minLength: 150, maxLength: 500, size: 'max' }), (list) => {
      const cells = Float64Array.of(...noveltyHot, ...noveltyCold)
      let gap = 0
      for (const x of list) {
        const y = novelty(cells, 0, noveltyHot.length, x)
        assert.ok(y >= 0 && Number.isFinite(y), `${y}`)
        assert.ok(!cells.some(Number.isNaN))
        const [count = 0, now = 0] = cells.subarray(6, 8)
        const remembered = [...cells.subarray(noveltyHot.length, noveltyHot.length + count)]
        assert.ok(count <= 128 && remembered.every((value, i) => i === 0 || value - (remembered[i - 1] ?? 0) >= now))
        assert.ok(now >= gap)
        gap = now
      }
    }),
    { seed, numRuns: 40 },
  )
})
