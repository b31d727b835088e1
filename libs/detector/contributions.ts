// Contributions: how much of a score each of a few suspects accounts for. What a feature adds depends on which others are bad
// beside it, and a score that two share does not fall when one of them is mended; so a contribution is the mean fall over all
// orders in which the suspects can be hidden (the value of Shapley, A value for n-person games, 1953), exactly.

import assert from 'node:assert/strict'
import { probeRows } from './engine.ts'
import { suspectsMax } from './suspects.ts'
import type { Trial } from './trial.ts'

assert.ok(2 ** suspectsMax <= probeRows, 'all subsets of the suspects are one probe')

/** Of sets of columns, each ≥ 0; the sum is 1, or all are 0. */
export function contributionsOf(hide: Trial['hide'], sets: readonly (readonly number[])[]): number[] {
  const subsets = Array.from({ length: 2 ** sets.length }, (_, bits) => sets.filter((_, i) => has(bits, i)).flat())
  const scores = leastOf(hide(subsets), sets.length)
  const falls = sets.map((_, i) => meanFall(scores, sets.length, i))
  const sum = falls.reduce((total, fall) => total + fall, 0)
  return falls.map((fall) => (sum > 0 ? fall / sum : 0))
}

/**
 * Of each subset the least score of all that are part of it. What one bad value makes a member expect of a hidden cell may
 * be worse than what is there; but a cell that may be changed need not be, and so hiding more never makes a row stranger.
 */
function leastOf(scores: Float32Array, count: number): Float32Array {
  const least = scores.slice()
  for (let bits = 0; bits < least.length; bits++)
    for (let i = 0; i < count; i++) if (has(bits, i)) least[bits] = Math.min(least[bits]!, least[bits ^ (1 << i)]!)
  return least
}

/** `scores` of each subset, a bit for each that is hidden. */
function meanFall(scores: Float32Array, count: number, i: number): number {
  let sum = 0
  for (let bits = 0; bits < scores.length; bits++) {
    if (has(bits, i)) continue
    let before = 0
    for (let other = 0; other < count; other++) if (has(bits, other)) before++
    sum += ordersShare(before, count) * (scores[bits]! - scores[bits | (1 << i)]!)
  }
  return sum
}

/** Of all orders of `count`, those in which `before` certain ones come first and then a certain other. */
function ordersShare(before: number, count: number): number {
  let share = 1 / count
  for (let i = 1; i <= before; i++) share *= i / (count - i)
  return share
}

function has(bits: number, i: number): boolean {
  return ((bits >> i) & 1) === 1
}
