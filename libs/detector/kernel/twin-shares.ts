// The twin's categories and divergence: assembly/shares.ts and divergence.ts in plain TypeScript, to the same bits.

import { pmax, pmin } from './twin-activation.ts'

const f = Math.fround
const powerBits = new Int32Array(1)
const power = new Float32Array(powerBits.buffer)
const INVERSE_LN2 = f(Math.LOG2E)
const LN2_HIGH = f(0.693359375)
const LN2_LOW = f(-0.00021219444005469057)
/** 1 / 7!, 1 / 6!, … 1 / 0!. */
const TAYLOR = [
  0.0001984126984126984, 0.001388888888888889, 0.008333333333333333, 0.041666666666666664, 0.16666666666666666, 0.5, 1,
  1,
].map(f)

/** For x ≤ 88. */
export function exponential(value: number): number {
  const x = pmax(-87, value)
  const k = Math.floor(f(f(x * INVERSE_LN2) + 0.5))
  const r = f(f(x - f(k * LN2_HIGH)) - f(k * LN2_LOW))
  let p = TAYLOR[0]!
  for (let i = 1; i < 8; i++) p = f(f(p * r) + TAYLOR[i]!)
  powerBits[0] = (k + 127) << 23
  return f(p * power[0]!)
}

/** Operation SHARES at word `at`: rows, their stride in vectors, the table and length of categories, low, span. */
export function shares(heap: Float32Array, words: Int32Array, at: number, rows: number): void {
  const y = words[at + 2]! >> 2
  const stride = words[at + 3]! * 4
  const table = words[at + 4]! >> 2
  const categories = words[at + 5]!
  const low = words[at + 6]! >> 2
  const span = words[at + 7]! >> 2
  for (let row = y; row < y + rows * stride; row += stride)
    for (let pair = table; pair < table + 2 * categories; pair += 2) {
      const [from, to] = [words[pair]!, words[pair + 1]!]
      const alone = to - from === 1
      let highest = heap[row + from]!
      if (alone) highest = pmax(highest, 0)
      for (let j = from + 1; j < to; j++) highest = pmax(highest, heap[row + j]!)
      let all = alone ? exponential(-highest) : 0
      for (let j = from; j < to; j++) {
        const share = exponential(f(heap[row + j]! - highest))
        all = f(all + share)
        heap[row + j] = share
      }
      for (let j = from; j < to; j++) heap[row + j] = f(heap[low + j]! + f(heap[span + j]! * f(heap[row + j]! / all)))
    }
}

/** Operation DIVERGENCE at word `at`: means, log-variances, their stride in vectors, columns, a factor, scores. */
export function divergence(heap: Float32Array, words: Int32Array, at: number, row: number, rows: number): void {
  const stride = words[at + 4]! * 4
  const columns = words[at + 5]!
  const half = f(heap[at + 6]! * 0.5)
  for (let r = 0; r < rows; r++) {
    const means = (words[at + 2]! >> 2) + r * stride
    const logVariances = (words[at + 3]! >> 2) + r * stride
    let sum = 0
    for (let j = 0; j < columns; j++) {
      const mean = heap[means + j]!
      const logVariance = pmin(10, pmax(-10, heap[logVariances + j]!))
      const part = f(f(f(exponential(logVariance) + f(mean * mean)) - 1) - logVariance)
      sum = f(sum + part)
    }
    heap[(words[at + 7]! >> 2) + row + r] = pmax(0, f(sum * half))
  }
}
