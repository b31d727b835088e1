import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { exp, log } from '../../libs/core/elementary.ts'
import { Random } from '../../libs/core/random.ts'
import { Peaks } from '../../libs/detector/peaks.ts'

const seed = Number(process.env['SEED'] ?? 7)

/** A generalised Pareto score of shape and scale. */
function pareto(random: Random, shape: number, scale: number): number {
  const logarithm = log(1 - random.uniform())
  return Math.abs(shape) < 1e-9 ? -scale * logarithm : (scale / shape) * (exp(-shape * logarithm) - 1)
}

test('of each block the highest scores are held, ascending, and of blocks the last', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.float({ min: 0, max: 9, noNaN: true }), { maxLength: 20 }), { maxLength: 6 }),
      (all) => {
        const peaks = new Peaks(4, 3)
        for (const scores of all) {
          for (const score of scores) peaks.offer(score)
          peaks.close(scores.length, null)
        }
        const expected = all.slice(-3).map((scores) => Float32Array.from(scores).sort().slice(-4))
        assert.deepEqual(
          peaks.blocks.map((block) => block.scores),
          expected,
        )
      },
    ),
  )
})

test('what is held goes on as it was from its blocks and its open scores', () => {
  const random = Random.derived(seed, 'peaks')
  const whole = new Peaks(8, 4)
  let other = new Peaks(8, 4)
  for (let block = 0; block < 9; block++) {
    for (let row = 0; row < 50; row++) {
      const score = random.exponential()
      whole.offer(score)
      other.offer(score)
      if (row === 20) other = new Peaks(8, 4, other.blocks, other.open)
    }
    whole.close(50, 3)
    other.close(50, 3)
  }
  assert.deepEqual(other.blocks, whole.blocks)
  assert.equal(other.quantileBelow(0.01, 0.1), whole.quantileBelow(0.01, 0.1))
})

for (const shape of [-0.2, 0, 0.3]) {
  test(`the quantile of a tail of shape ${shape} is found, with all of it and with what lies beyond a ceiling held back`, () => {
    const random = Random.derived(seed, `tail ${shape}`)
    const rate = 0.002
    const truth = shape === 0 ? -log(rate) : (exp(-shape * log(rate)) - 1) / shape
    const open = new Peaks(64, 16)
    const cut = new Peaks(64, 16)
    for (let block = 0; block < 16; block++) {
      let offered = 0
      for (let row = 0; row < 2_000; row++) {
        const score = pareto(random, shape, 1)
        open.offer(score)
        if (score > truth) continue
        cut.offer(score)
        offered++
      }
      open.close(2_000, null)
      cut.close(offered, truth)
    }
    const all = open.quantile(rate) ?? 0
    const below = cut.quantileBelow(rate, shape) ?? 0
    assert.ok(Math.abs(all / truth - 1) < 0.1, `${all} of all, ${truth} in truth`)
    assert.ok(Math.abs(below / truth - 1) < 0.1, `${below} of what lies below, ${truth} in truth`)
    // The same without regard to the ceiling is far too low: what this must not be.
    const blind = new Peaks(
      64,
      16,
      cut.blocks.map((block) => ({ ...block, ceiling: null })),
    )
    assert.ok((blind.quantile(rate) ?? 0) < 0.95 * truth, `${blind.quantile(rate)}`)
  })
}

test('too few scores, or none that differ, say nothing', () => {
  const peaks = new Peaks(16, 4)
  assert.equal(peaks.quantile(0.01), null)
  for (let block = 0; block < 4; block++) {
    for (let row = 0; row < 100; row++) peaks.offer(1)
    peaks.close(100, 2)
  }
  assert.equal(peaks.quantile(0.01), null)
  assert.equal(peaks.quantileBelow(0.01, 0.1), null)
})

test('any scores give a finite threshold or none', () => {
  const scores = fc.array(fc.float({ min: 0, noNaN: true, noDefaultInfinity: true }), { minLength: 64, maxLength: 64 })
  fc.assert(
    fc.property(
      scores,
      fc.double({ min: -0.9, max: 0.9, noNaN: true }),
      fc.double({ min: 1e-9, max: 0.1, noNaN: true }),
      (all, shape, rate) => {
        const peaks = new Peaks(32, 4)
        for (const score of all) peaks.offer(score)
        peaks.close(64, Math.max(...all) + 1)
        for (const found of [peaks.quantile(rate), peaks.quantileBelow(rate, shape)])
          assert.ok(found === null || Number.isFinite(found), `${found}`)
      },
    ),
  )
})
