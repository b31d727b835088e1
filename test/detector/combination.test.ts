// One score from several: never less for a louder member, finite for whatever they say.

import assert from 'node:assert/strict'
import test from 'node:test'
import { combine, parting } from '../../libs/detector/combination.ts'
import type { Combination } from '../../libs/detector/model.ts'

const surprise: Combination = {
  kind: 'surprise',
  sharpness: 0.5,
  parts: [
    { weight: 2, surprise: { at: [1, 3, 7], nats: [0, 0.5, 3], rate: 2 } },
    { weight: 1, surprise: { at: [0.5, 3], nats: [0.1, 2], rate: 1 } },
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

test('the loudest leads, as the formula says: straight in loudness between places, in nats beyond the last', () => {
  const [within = 0, beyond = 0] = combined(surprise, [2, 70], [0.2, 6])
  const middle = (Math.exp(0.5 * 0) + Math.exp(0.5 * 0.5)) / 2
  const wanted = [
    Math.log((2 * middle + Math.exp(0.5 * 0.1)) / 3) / 0.5,
    Math.log((2 * Math.exp(0.5 * (3 + 2 * Math.log(10))) + Math.exp(0.5 * (2 + Math.log(2)))) / 3) / 0.5,
  ]
  assert.ok(Math.abs(within - wanted[0]!) < 1e-6 && Math.abs(beyond - wanted[1]!) < 1e-6, `${within} ${beyond}`)
})

test('rows too absurd for a loudness keep their order', () => {
  const steep: Combination = {
    kind: 'surprise',
    sharpness: 2,
    parts: [{ weight: 1, surprise: { at: [1], nats: [0], rate: 50 } }],
  }
  const [a = 0, b = 0, c = 0] = combined(steep, [1e3, 1e6, 1e30])
  assert.ok(Math.abs(a - 50 * Math.log(1e3)) < 1e-3 && a < b && b < c && Number.isFinite(c))
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
  const parts = parting(surprise)([1, 1e9])
  assert.ok(Math.abs(parts[0]! + parts[1]! - 1) < 1e-12 && parts[1]! > 0.9)
  assert.deepEqual(parting({ kind: 'mean' })([0, 0]), [0, 0])
  assert.deepEqual(parting({ kind: 'mean' })([1, 3]), [0.25, 0.75])
})

test('where loudness is no number any more it goes on from where it was (N1)', () => {
  const steep = { weight: 1, surprise: { at: [1], nats: [0], rate: 50 } }
  const together: Combination = { kind: 'surprise', sharpness: 1, parts: [steep, steep, steep, steep] }
  const members = Array.from({ length: 41 }, (_, i) => Math.exp(14.1 + i / 200))
  const scores = combined(together, members, members, members, members)
  for (let i = 1; i < scores.length; i++) assert.ok(scores[i]! >= scores[i - 1]!, `${scores[i - 1]} ${scores[i]}`)
})
