// One score from several: never less for a louder member, finite for whatever they say.

import assert from 'node:assert/strict'
import test from 'node:test'
import { combine, partsOf, surpriseOf } from '../../libs/detector/combination.ts'
import type { Combination } from '../../libs/detector/model.ts'

const surprise: Combination = {
  kind: 'surprise',
  sharpness: 0.5,
  parts: [
    { weight: 2, surprise: { at: [0, 1, 2], nats: [0, 0.5, 3], rate: 2 } },
    { weight: 1, surprise: { at: [-1, 1], nats: [0.1, 2], rate: 1 } },
  ],
}

function combined(combination: Combination, ...members: number[][]): number[] {
  const scores = new Float32Array(members[0]!.length)
  combine(combination)(
    scores.length,
    members.map((values) => Float32Array.from(values)),
    scores,
  )
  return [...scores]
}

test('the mean of the members', () => {
  assert.deepEqual(combined({ kind: 'mean' }, [1, 4], [3, 0]), [2, 2])
})

test('surprise: straight between its places, and beyond the last', () => {
  const of = surpriseOf({ at: [0, 1, 2], nats: [0, 0.5, 3], rate: 2 })
  const cases = [
    [0, 0],
    [1, 0],
    [Math.exp(0.5), 0.25],
    [Math.exp(1.5), 1.75],
    [Math.exp(4), 7],
  ] as const
  for (const [score, wanted] of cases) assert.ok(Math.abs(of(score) - wanted) < 1e-12, `${score}: ${of(score)}`)
})

test('the loudest leads, as the formula says', () => {
  const [found = 0] = combined(surprise, [Math.exp(2)], [Math.exp(0)])
  const wanted = Math.log((2 * Math.exp(0.5 * 3) + Math.exp(0.5 * 1.05)) / 3) / 0.5
  assert.ok(Math.abs(found - wanted) < 1e-6 * found, `${found} for ${wanted}`)
})

test('it rises with each member, and one alone can raise it', () => {
  const loudness = [0, 0.1, 1, 2, 5, 20, 1e6]
  const scores = combined(surprise, loudness, new Array<number>(loudness.length).fill(1))
  for (let i = 1; i < scores.length; i++) assert.ok(scores[i]! >= scores[i - 1]!, `${scores}`)
  assert.ok(scores[5]! > 2 * scores[2]!)
})

test('whatever the members say, the score is finite and not below 0 (N1)', () => {
  const wild = [0, 1, 3.4e38, Number.POSITIVE_INFINITY, Number.NaN]
  for (const a of wild)
    for (const b of wild)
      for (const combination of [surprise, { kind: 'mean' } as const])
        for (const score of combined(combination, [a], [b]))
          assert.ok(Number.isFinite(score) && score >= 0, `${a} ${b}`)
})

test('the parts of a score sum to 1 and follow the loudest', () => {
  const parts = partsOf(surprise, [1, 1e9])
  assert.ok(Math.abs(parts[0]! + parts[1]! - 1) < 1e-12 && parts[1]! > 0.9)
  assert.deepEqual(partsOf({ kind: 'mean' }, [0, 0]), [0, 0])
  assert.deepEqual(partsOf({ kind: 'mean' }, [1, 3]), [0.25, 0.75])
})
