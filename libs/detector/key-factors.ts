// Key factors: how many times the threshold a key has for its own, where keys differ. Some entities always look a little
// stranger than the rest; with one threshold for all they would spend the whole budget of alarms.
// A key's factor is the ratio of a high quantile of its scores to that of all, in logarithms shrunk towards 0: by how much,
// says the spread of the ratios beyond what chance alone would give them. What chance gives is read off blocks of the key's
// rows in time, since rows of one key are not independent.
// Invariants
//   K1 where keys differ no more than by chance there are no factors (null), and a key with few rows has none.
//   K2 a factor lies in [1/factorMax, factorMax]: what a key may be excused is bounded.
//   K3 the factors depend on the order of a key's own rows alone, not on how keys lie among each other.
// Source of the shrinkage: DerSimonian and Laird, Meta-analysis in clinical trials (1986).

import { exp, log } from '../core/elementary.ts'
import { calibrate } from './calibration.ts'
import type { Fold } from './fit-split.ts'
import type { Calibration, KeyFactors } from './model.ts'

/** Of a key; fewer say nothing about a high quantile. */
const rowsMin = 80
const blocks = 4
/** Scores of a key above the quantile that speaks for it; more would be common ones, fewer would be chance. */
const above = 40
const levelMin = 0.9
const factorMax = 3
const keysMax = 50_000
const scoreMin = 1e-30

/**
 * A calibration of all scores, each over its key's factor: in a block that was held out, by factors that the rows outside of
 * it give, so that no row has a say in what excuses it. `keys` null: keys are not known.
 */
export function calibrateByKey(
  scores: Float32Array,
  keys: Uint32Array | null,
  parts: readonly Fold[],
  { alpha, least }: { readonly alpha: number; readonly least: number },
): Calibration {
  const factors = keys === null ? null : keyFactors(scores, keys)
  if (keys === null || factors === null) return calibrate(scores, alpha, least)
  const own = scores.slice()
  for (const { held, train } of parts) {
    const [before, after] = train
    const others = Int32Array.from({ length: before.to + after.to - after.from }, (_, i) =>
      i < before.to ? i : after.from + i - before.to,
    )
    const given = keyFactors(
      Float32Array.from(others, (i) => scores[i] ?? 0),
      Uint32Array.from(others, (i) => keys[i] ?? 0),
    )
    if (given === null) continue
    for (let i = held.from; i < held.to; i++) own[i] = (scores[i] ?? 0) / factorOf(given, keys[i] ?? 0)
  }
  return { ...calibrate(own, alpha, least), keys: factors }
}

/** `scores` and `keys` (hashes) of the same rows, oldest first; none of a fit that has seen the row. */
export function keyFactors(scores: Float32Array, keys: Uint32Array): KeyFactors | null {
  const all = scores.slice().sort()
  const ratios: Ratio[] = []
  for (const [key, own] of byKey(scores, keys)) {
    if (own.length >= rowsMin) ratios.push(ratioOf(key, own, all))
  }
  if (ratios.length < 2) return null
  const chance = mean(ratios.map(({ variance }) => variance))
  const middle = mean(ratios.map(({ ratio }) => ratio))
  const spread = ratios.reduce((sum, { ratio }) => sum + (ratio - middle) ** 2, 0) / (ratios.length - 1)
  const between = spread - chance
  if (!(between > 0)) return null
  const limit = log(factorMax)
  const shrunk = ratios.map(({ key, ratio, variance }) => {
    // A variance of few blocks is itself uncertain: it is heard as much as what chance gives all.
    const share = between / (between + (variance + chance) / 2)
    return { key, ratio: Math.max(-limit, Math.min(limit, share * ratio)) }
  })
  const kept = shrunk.sort((a, b) => Math.abs(b.ratio) - Math.abs(a.ratio) || a.key - b.key).slice(0, keysMax)
  kept.sort((a, b) => a.key - b.key)
  return {
    hashes: Uint32Array.from(kept, ({ key }) => key),
    factors: Float32Array.from(kept, ({ ratio }) => exp(ratio)),
  }
}

interface Ratio {
  readonly key: number
  /** In logarithms. */
  readonly ratio: number
  /** Of the ratio, by chance. */
  readonly variance: number
}

function ratioOf(key: number, own: readonly number[], all: Float32Array): Ratio {
  const level = Math.max(levelMin, 1 - above / own.length)
  const base = log(quantile(all, level))
  const logs = Array.from({ length: blocks }, (_, block) => {
    const from = Math.floor((block * own.length) / blocks)
    const to = Math.floor(((block + 1) * own.length) / blocks)
    return log(quantile(Float32Array.from(own.slice(from, to)).sort(), level))
  })
  const middle = mean(logs)
  const variance = logs.reduce((sum, each) => sum + (each - middle) ** 2, 0) / (blocks - 1) / blocks
  return { key, ratio: log(quantile(Float32Array.from(own).sort(), level)) - base, variance }
}

function quantile(sorted: Float32Array, level: number): number {
  return Math.max(scoreMin, sorted[Math.min(sorted.length - 1, Math.floor(level * sorted.length))] ?? 0)
}

function byKey(scores: Float32Array, keys: Uint32Array): Map<number, number[]> {
  const groups = new Map<number, number[]>()
  for (const [i, key] of keys.entries()) {
    const own = groups.get(key)
    if (own === undefined) groups.set(key, [scores[i] ?? 0])
    else own.push(scores[i] ?? 0)
  }
  return groups
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Of the key with that hash; 1 of one that has none. */
export function factorOf(factors: KeyFactors, hash: number): number {
  let low = 0
  let high = factors.hashes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((factors.hashes[middle] ?? 0) < hash) low = middle + 1
    else high = middle
  }
  return factors.hashes[low] === hash ? (factors.factors[low] ?? 1) : 1
}

/** Of rows of keys with these hashes; null where no key has one. */
export function factorsOf(factors: KeyFactors | null, hashes: Uint32Array): Float32Array | null {
  return factors === null ? null : Float32Array.from(hashes, (hash) => factorOf(factors, hash))
}
