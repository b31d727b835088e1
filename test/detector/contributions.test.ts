// Contributions are the mean falls of a score over all orders in which suspects can be hidden; here scores are made up.

import assert from 'node:assert/strict'
import test from 'node:test'
import { contributionsOf } from '../../libs/detector/contributions.ts'

/** Scores by which columns are hidden, as a text of their numbers in order. */
function scoring(scores: Record<string, number>) {
  return (sets: readonly (readonly number[])[]): Float32Array =>
    Float32Array.from(sets, (hidden) => scores[[...hidden].sort().join('')] ?? Number.NaN)
}

test('what falls by the one and the other alone is divided by the falls', () => {
  assert.deepEqual(contributionsOf(scoring({ '': 10, 0: 4, 1: 8, '01': 2 }), [[0], [1]]), [0.75, 0.25])
})

test('what falls only when both are hidden is shared, though neither alone is worth anything', () => {
  assert.deepEqual(contributionsOf(scoring({ '': 10, 0: 10, 1: 10, '01': 2 }), [[0], [1]]), [0.5, 0.5])
})

test('three that share: the mean over all six orders', () => {
  const hide = scoring({ '': 12, 0: 6, 1: 12, 2: 12, '01': 6, '02': 6, '12': 9, '012': 0 })
  // Of 12: 0 has (6 + 6 + 6 + 6 + 9 + 9) / 6, the others half of the rest each.
  assert.deepEqual(
    contributionsOf(hide, [[0], [1], [2]]),
    [7, 2.5, 2.5].map((part) => part / 12),
  )
})

test('a suspect of several columns is hidden whole; one alone has all', () => {
  assert.deepEqual(contributionsOf(scoring({ '': 3, '04': 1 }), [[0, 4]]), [1])
})

test('hiding more never makes a row stranger: a score that rises counts as if the cell had been left', () => {
  assert.deepEqual(contributionsOf(scoring({ '': 10, 0: 2, 1: 30, '01': 1 }), [[0], [1]]), [17 / 18, 1 / 18])
})

test('where nothing falls, nothing contributes; of no suspects there are none', () => {
  assert.deepEqual(contributionsOf(scoring({ '': 1, 0: 2, 1: 3, '01': 4 }), [[0], [1]]), [0, 0])
  assert.deepEqual(contributionsOf(scoring({ '': 1 }), []), [])
})
