import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Finder, paired, recalls } from '../../libs/detector/gate-recall.ts'
import { planted } from './planted.ts'

function bits(text: string): Uint8Array {
  return Uint8Array.from(text, Number)
}

test('what both find and both miss says nothing; lost is net of what was won', () => {
  const { candidate, rival, lost } = paired(bits('0011010000'), bits('0011101100'), 1)
  assert.deepEqual([candidate, rival, lost], [0.3, 0.5, 0.2])
})

test('grades that are decided do not dilute the difference', () => {
  // Of two grades that take turns, both find all of the second; of the first the rival finds a half, the candidate none.
  const mine = Uint8Array.from({ length: 40 }, (_, i) => i % 2)
  const theirs = Uint8Array.from({ length: 40 }, (_, i) => (i % 4 === 2 ? 0 : 1))
  assert.equal(paired(mine, theirs, 1).lost, 0.25)
  assert.equal(paired(mine, theirs, 2).lost, 0.5)
})

test('all grades decided: nothing is lost and nothing is uncertain', () => {
  const all = new Uint8Array(50).fill(1)
  assert.deepEqual(paired(all, all, 2), { candidate: 1, rival: 1, lost: 0, error: 0 })
})

test('a few rows that differ are no certainty', () => {
  const one = paired(bits('0'), bits('1'), 1)
  assert.ok(one.lost - 1.645 * one.error < 0)
  const many = paired(new Uint8Array(100), new Uint8Array(100).fill(1), 1)
  assert.ok(many.lost - 1.645 * many.error > 0.9)
})

test('both detectors are asked about the same rows, and each kind weighs the same', () => {
  const source = { rows: planted(300, 4, 1), count: 300, width: 4, groups: Int32Array.of(0, 1, 2, 3), seed: 5 }
  const asked: Float32Array[][] = [[], []]
  const hears = (into: Float32Array[] | undefined, limit: number): Finder => {
    return (rows, count) => {
      into?.push(rows)
      return Uint8Array.from({ length: count }, (_, i) => (Math.abs(rows[4 * i] ?? 0) > limit ? 1 : 0))
    }
  }
  const { kinds, whole } = recalls(source, hears(asked[0], 3), hears(asked[1], 2))
  assert.deepEqual(asked[0], asked[1])
  assert.ok(whole.lost > 0)
  const mean = [...kinds.values()].reduce((sum, { lost }) => sum + lost, 0) / kinds.size
  assert.ok(Math.abs(whole.lost - mean) < 1e-12)
})
