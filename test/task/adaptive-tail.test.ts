import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { AdaptiveTail } from '../../libs/task/adaptive-tail.ts'

const seed = Number(process.env['SEED'] ?? 7)

/** Of |normal| and exponential scores: the quantile of the budget, and the shape that a calibration finds of their tails. */
const scores = {
  exponential: { draw: (random: Random) => random.exponential(), at: { 0.01: 4.605, 0.001: 6.908 }, shape: 0 },
  'half-normal': {
    draw: (random: Random) => Math.abs(random.normal()),
    at: { 0.01: 2.576, 0.001: 3.291 },
    shape: -0.1,
  },
} as const
const ROWS = 500_000

/** Share of rows that alarm, over the budget, of the fixed threshold and of the tail. */
function ratios(
  kind: keyof typeof scores,
  budget: 0.01 | 0.001,
  scaleAt: (share: number) => number,
): { fixed: number; adaptive: number; tail: AdaptiveTail } {
  const random = Random.derived(seed, `${kind} ${budget}`)
  const { draw, at, shape } = scores[kind]
  const first = at[budget]
  const tail = new AdaptiveTail(first, budget, shape, null)
  const one = new Float32Array(1)
  let fixed = 0
  let adaptive = 0
  for (let row = 0; row < ROWS; row++) {
    const score = draw(random) * scaleAt(row / ROWS)
    one[0] = score
    if (score > first) fixed++
    if (score > tail.threshold) adaptive++
    tail.take(one, 0, 1)
  }
  return { fixed: fixed / ROWS / budget, adaptive: adaptive / ROWS / budget, tail }
}

for (const kind of ['exponential', 'half-normal'] as const) {
  for (const budget of [0.01, 0.001] as const) {
    for (const [drift, to] of [
      ['double', 2],
      ['halve', 0.5],
    ] as const) {
      test(`${kind} scores that slowly ${drift}: at ${budget} the tail keeps its budget, a fixed threshold does not`, (t) => {
        const { fixed, adaptive } = ratios(kind, budget, (share) => 1 + (to - 1) * share)
        t.diagnostic(`realised ÷ target: fixed ${fixed.toFixed(2)}, adaptive ${adaptive.toFixed(2)}`)
        assert.ok(adaptive > 0.5 && adaptive < 2, `${adaptive}`)
        assert.ok(fixed < 0.5 || fixed > 2, `${fixed}`)
      })
    }
    test(`${kind} scores that stay: at ${budget} both keep the budget`, () => {
      const { fixed, adaptive } = ratios(kind, budget, () => 1)
      assert.ok(adaptive > 0.6 && adaptive < 1.6, `${adaptive}`)
      assert.ok(fixed > 0.6 && fixed < 1.6, `${fixed}`)
    })
  }
}

test('what alarms teaches nothing: neither how high it is nor how much of it there is', () => {
  const random = Random.derived(seed, 'flagged')
  const plain = new AdaptiveTail(4.605, 0.01, 0, null)
  const worse = new AdaptiveTail(4.605, 0.01, 0, null)
  const one = new Float32Array(1)
  for (let row = 0; row < 50_000; row++) {
    const score = random.exponential()
    one[0] = score
    plain.take(one, 0, 1)
    one[0] = score > worse.threshold ? score * 1000 : score
    worse.take(one, 0, 1)
    assert.equal(worse.threshold, plain.threshold)
  }
  // Every third row is an anomaly: rows that do not alarm are what they were, and so is the threshold, about.
  const poisoned = new AdaptiveTail(4.605, 0.01, 0, null)
  for (let row = 0; row < 200_000; row++) {
    one[0] = row % 3 === 0 ? 50 : random.exponential()
    poisoned.take(one, 0, 1)
  }
  assert.ok(Math.abs(poisoned.threshold / 4.605 - 1) < 0.15, `${poisoned.threshold}`)
})

test('a threshold stays within four times the first, to both sides', () => {
  const { tail: high } = ratios('exponential', 0.01, (share) => 1 + 20 * share)
  assert.equal(high.threshold, Math.fround(4 * 4.605))
  const { tail: low } = ratios('exponential', 0.01, (share) => 1 - 0.95 * share)
  assert.equal(low.threshold, Math.fround(4.605 / 4))
})

test('a jump is not followed at once', () => {
  const random = Random.derived(seed, 'jump')
  const tail = new AdaptiveTail(4.605, 0.01, 0, null)
  const one = new Float32Array(1)
  let before = 0
  for (let row = 0; row < 24_000; row++) {
    if (row === 20_000) before = tail.threshold
    one[0] = random.exponential() * (row < 20_000 ? 1 : 5)
    tail.take(one, 0, 1)
  }
  assert.ok(tail.threshold > before && tail.threshold < before * 1.1 ** 5.01, `${before} to ${tail.threshold}`)
})

test('it goes on from its state as if it had never stopped', () => {
  const random = Random.derived(seed, 'state')
  let tail = new AdaptiveTail(4.605, 0.01, 0, null)
  const whole = new AdaptiveTail(4.605, 0.01, 0, null)
  for (let row = 0; row < 30_000; ) {
    const count = Math.min(tail.rowsLeft, 1 + random.integer(400))
    const drawn = Float32Array.from({ length: count }, () => random.exponential() * 1.3)
    for (const each of [tail, whole]) each.take(drawn, 0, count)
    tail = new AdaptiveTail(4.605, 0.01, 0, tail.state)
    row += count
  }
  assert.deepEqual(tail.state, whole.state)
})
