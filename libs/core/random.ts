// Random: seeded pseudo-random numbers; the same seed gives the same numbers on every machine. Not for secrets.
// Source: Blackman and Vigna, xoshiro128** (2018), seeded by splitmix32. Normal deviates by the Marsaglia polar method
// with our own logarithm, so that no bit depends on the engine's Math.

import { log } from './elementary.ts'

export class Random {
  #a: number
  #b: number
  #c: number
  #d: number
  #spare = Number.NaN

  constructor(seed: number) {
    let state = seed >>> 0
    const next = (): number => {
      state = (state + 0x9e3779b9) >>> 0
      let z = state
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      return (z ^ (z >>> 15)) >>> 0
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = next()
  }

  /** A stream of its own for a named purpose, so that one more draw here does not shift the draws there. */
  static derived(seed: number, purpose: string): Random {
    let hash = seed >>> 0
    for (let i = 0; i < purpose.length; i++) hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193) >>> 0
    return new Random(hash)
  }

  /** 32 random bits as an unsigned integer. */
  bits(): number {
    const result = Math.imul(this.#b, 5)
    const scrambled = Math.imul((result << 7) | (result >>> 25), 9)
    const t = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= t
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return scrambled >>> 0
  }

  /** Uniform in [0, 1) with 53 bits. */
  uniform(): number {
    return (this.bits() * 2097152 + (this.bits() >>> 11)) / 9007199254740992
  }

  /** Uniform integer in [0, below). */
  integer(below: number): number {
    return Math.floor(this.uniform() * below)
  }

  /** Standard normal. */
  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const spare = this.#spare
      this.#spare = Number.NaN
      return spare
    }
    for (;;) {
      const u = 2 * this.uniform() - 1
      const v = 2 * this.uniform() - 1
      const s = u * u + v * v
      if (s >= 1 || s === 0) continue
      const scale = Math.sqrt((-2 * log(s)) / s)
      this.#spare = v * scale
      return u * scale
    }
  }

  /** Exponential with mean 1. */
  exponential(): number {
    return -log(1 - this.uniform())
  }

  /** Shuffles in place (Fisher and Yates). */
  shuffle(indices: Int32Array | Uint32Array): void {
    for (let i = indices.length - 1; i > 0; i--) {
      const j = this.integer(i + 1)
      const kept = indices[i] ?? 0
      indices[i] = indices[j] ?? 0
      indices[j] = kept
    }
  }
}
