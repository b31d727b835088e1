// The twin's attention: assembly/attention.ts in plain TypeScript, to the same bits.

import { pmax } from './twin-activation.ts'

const f = Math.fround
const epsilon = f(1e-5)
const log2e = f(Math.LOG2E)
const [ln2High, ln2Low] = [f(0.693359375), f(0.00021219444170128554)]
const series = [1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 0.5, 1, 1].map(f)
const power = new Float32Array(1)
const bits = new Int32Array(power.buffer)

export function add(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  const word = (index: number): number => words[at + index]!
  for (let row = 0; row < count; row++) {
    const [a, b] = [(word(2) + row * word(3)) >> 2, (word(4) + row * word(5)) >> 2]
    for (let i = 0; i < word(6) >> 2; i++) heap[a + i] = f(heap[a + i]! + heap[b + i]!)
  }
}

export function normalise(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  const word = (index: number): number => words[at + index]!
  const [channels, gain, shift] = [word(5), word(6) >> 2, word(7) >> 2]
  for (let row = 0; row < count; row++)
    for (let step = 0; step < word(4); step++) {
      const x = ((word(2) + row * word(3)) >> 2) + step * channels
      const y = ((word(8) + row * word(9)) >> 2) + step * channels
      const mean = f(lanes(channels, (c) => heap[x + c]!) / channels)
      const centred = (c: number): number => f(heap[x + c]! - mean)
      const variance = f(lanes(channels, (c) => f(centred(c) * centred(c))) / channels)
      const factor = f(1 / f(Math.sqrt(f(variance + epsilon))))
      for (let c = 0; c < channels; c++) heap[y + c] = f(f(f(centred(c) * factor) * heap[gain + c]!) + heap[shift + c]!)
    }
}

export function attend(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  const word = (index: number): number => words[at + index]!
  const [steps, channels, heads] = [word(4), word(5), word(6)]
  const scale = heap[at + 7]!
  const width = channels / heads
  const weights = new Float32Array(steps)
  for (let row = 0; row < count; row++)
    for (let head = 0; head < heads; head++) {
      const queries = ((word(2) + row * word(3)) >> 2) + head * width
      for (let t = 0; t < steps; t++) {
        const query = queries + t * 3 * channels
        for (let s = 0; s < steps; s++) {
          const key = queries + channels + s * 3 * channels
          weights[s] = f(lanes(width, (c) => f(heap[query + c]! * heap[key + c]!)) * scale)
        }
        const sum = exponentials(weights)
        const to = ((word(9) + row * word(10)) >> 2) + t * channels + head * width
        for (let c = 0; c < width; c++) {
          let mixed = 0
          for (let s = 0; s < steps; s++)
            mixed = f(mixed + f(weights[s]! * heap[queries + 2 * channels + s * 3 * channels + c]!))
          heap[to + c] = f(mixed / sum)
        }
      }
    }
}

/** Scores to powers of e below the greatest, in place; answers their sum. */
function exponentials(scores: Float32Array): number {
  let greatest = -3.4028234663852886e38
  for (const score of scores) if (score > greatest) greatest = score
  let sum = 0
  for (let s = 0; s < scores.length; s++) {
    scores[s] = exp(f(scores[s]! - greatest))
    sum = f(sum + scores[s]!)
  }
  return sum
}

/** For x ≤ 0. */
export function exp(value: number): number {
  const x = pmax(-87, value)
  const n = Math.floor(f(f(x * log2e) + 0.5))
  const r = f(f(x - f(n * ln2High)) + f(n * ln2Low))
  let p = series[0]!
  for (let i = 1; i < series.length; i++) p = f(f(p * r) + series[i]!)
  bits[0] = (n + 127) << 23
  return f(p * power[0]!)
}

/** A sum as four lanes have it. */
function lanes(count: number, value: (index: number) => number): number {
  const sums = [0, 0, 0, 0]
  for (let i = 0; i < count; i++) sums[i & 3] = f(sums[i & 3]! + value(i))
  return f(f(f(sums[0]! + sums[1]!) + sums[2]!) + sums[3]!)
}
