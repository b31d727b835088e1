// One score from several: never less for a louder member, finite for whatever they say.

import assert from 'node:assert/strict'
import test from 'node:test'
import { combine, partsOf } from '../../libs/detector/combination.ts'
import type { Combination } from '../../libs/detector/model.ts'

const softMax: Combination = {
  kind: 'soft-max',
  sharpness: 2,
  parts: [
    { weight: 2, centre: 0, spread: 0.5 },
    { weight: 1, centre: 1, spread: 0.25 },
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

test('the soft maximum, as its formula says', () => {
  const [found = 0] = combined(softMax, [2], [3])
  const [a, b] = [Math.log(2) / 0.5, (Math.log(3) - 1) / 0.25]
  const loud = Math.log((2 * Math.exp(2 * a) + Math.exp(2 * b)) / 3) / 2
  assert.ok(Math.abs(found - Math.exp((loud * (2 * 0.5 + 0.25)) / 3)) < 1e-6 * found)
})

test('it rises with each member, and one alone can raise it', () => {
  const loudness = [0, 0.1, 1, 2, 5, 20, 1e6]
  const scores = combined(softMax, loudness, new Array<number>(loudness.length).fill(1))
  for (let i = 1; i < scores.length; i++) assert.ok(scores[i]! >= scores[i - 1]!, `${scores}`)
  assert.ok(scores[5]! > 3 * scores[2]!)
})

test('whatever the members say, the score is finite and not below 0 (N1)', () => {
  const wild = [0, 1, 3.4e38, Number.POSITIVE_INFINITY, Number.NaN]
  for (const a of wild)
    for (const b of wild)
      for (const combination of [softMax, { kind: 'mean' } as const])
        for (const score of combined(combination, [a], [b]))
          assert.ok(Number.isFinite(score) && score >= 0, `${a} ${b}`)
})

test('the parts of a score sum to 1 and follow the loudest', () => {
  const parts = partsOf(softMax, [1, 20])
  assert.ok(Math.abs(parts[0]! + parts[1]! - 1) < 1e-12 && parts[1]! > 0.9)
  assert.deepEqual(partsOf(softMax, [0, 0]), [0, 0])
  assert.deepEqual(partsOf({ kind: 'mean' }, [1, 3]), [0.25, 0.75])
})
