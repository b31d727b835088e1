// Key factors: keys that differ are told from keys that do not, what is excused is bounded, and budgets hold by key.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../libs/core/random.ts'
import { folds } from '../../libs/detector/fit-split.ts'
import { calibrateByKey, factorOf, keyFactors } from '../../libs/detector/key-factors.ts'

interface Drawn {
  readonly scores: Float32Array
  readonly keys: Uint32Array
}

/** Rows of keys 1, 2, … in turn, each with scores `loudness[key − 1]` times those of a common law. */
function drawn(loudness: readonly number[], rowsOfKey: number, seed: number): Drawn {
  const random = new Random(seed)
  const count = loudness.length * rowsOfKey
  const keys = Uint32Array.from({ length: count }, (_, i) => 1 + (i % loudness.length))
  const scores = Float32Array.from(keys, (key) => (loudness[key - 1] ?? 1) * random.normal() ** 2)
  return { scores, keys }
}

test('keys that differ get factors near how much they differ', () => {
  const { scores, keys } = drawn([1, 1, 1, 1, 2, 0.5], 2000, 1)
  const found = keyFactors(scores, keys)
  assert.ok(found !== null)
  const of = (key: number): number => factorOf(found, key) / factorOf(found, 1)
  assert.ok(Math.abs(Math.log(of(5) / 2)) < 0.25, `the loud key has ${of(5)} times the factor of a usual one`)
  assert.ok(Math.abs(Math.log(of(6) * 2)) < 0.25, `the quiet key has ${of(6)} times it`)
  assert.equal(factorOf(found, 77), 1)
})

test('keys that are alike are hardly told apart (K1)', () => {
  const excused: number[] = []
  for (let seed = 0; seed < 40; seed++) {
    const { scores, keys } = drawn(Array(8).fill(1), 500, seed)
    const found = keyFactors(scores, keys)
    excused.push(found === null ? 0 : Math.max(...found.factors.map((factor) => Math.abs(Math.log(factor)))))
  }
  excused.sort((a, b) => a - b)
  assert.ok((excused[20] ?? 1) < 0.05, `the median of the largest is ${excused[20]}`)
  assert.ok((excused[38] ?? 1) < 0.2, `the largest of nearly all is ${excused[38]}`)
})

test('a key with few rows has none, and none has more than three times the threshold (K1, K2)', () => {
  const usual = drawn(Array(40).fill(1), 200, 3)
  const loud = drawn([50], 1000, 4)
  const few = drawn([50], 60, 5)
  const scores = Float32Array.from([...usual.scores, ...loud.scores, ...few.scores])
  const keys = Uint32Array.from([...usual.keys, ...loud.keys.fill(99), ...few.keys.fill(100)])
  const found = keyFactors(scores, keys)
  assert.ok(found !== null)
  const factor = factorOf(found, 99)
  assert.ok(factor > 2 && factor <= 3.0001, `it has ${factor} times`)
  assert.equal(factorOf(found, 100), 1)
})

test('by their own thresholds, loud and quiet keys alarm alike', () => {
  const loudness = [1, 1, 1, 1, 2.5, 0.4]
  const { scores, keys } = drawn(loudness, 3000, 6)
  const calibration = calibrateByKey(scores, keys, folds(scores.length), { alpha: 0.01, least: 0 })
  const whole = calibrateByKey(scores, null, folds(scores.length), { alpha: 0.01, least: 0 })
  assert.ok(calibration.keys !== null && whole.keys === null)
  const fresh = drawn(loudness, 20_000, 7)
  const rate = (key: number, threshold: number): number => {
    const own = fresh.scores.filter((_, i) => fresh.keys[i] === key)
    return own.filter((score) => score > threshold).length / own.length / 0.01
  }
  for (const key of [1, 5, 6]) {
    const ratio = rate(key, calibration.threshold * factorOf(calibration.keys, key))
    assert.ok(ratio > 0.4 && ratio < 2.2, `key ${key} alarms at ${ratio} times the budget`)
  }
  assert.ok(rate(5, whole.threshold) > 3 && rate(6, whole.threshold) < 0.1)
})
