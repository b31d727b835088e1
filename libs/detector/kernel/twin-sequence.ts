// The twin's layers over the steps of a window: assembly/sequence.ts in plain TypeScript, to the same bits.

import { BOW, CONVOLVE, curveCodes, MOVE } from './program.ts'
import { activate } from './twin-activation.ts'

const f = Math.fround

export function sequence(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  switch (words[at]) {
    case CONVOLVE:
      convolve(heap, words, at, count)
      return
    case BOW:
      bow(heap, words, at, count)
      return
    case MOVE:
      move(heap, words, at, count)
      return
    default:
      throw new RangeError(`no such operation over steps: ${words[at]}`)
  }
}

/** Weights and what follows the sum; positions in words. */
interface Product {
  readonly k: number
  readonly packed: number
  readonly bias: number
  readonly columns: number
  readonly slope: number
}

/** One row of a dense product, from `a` to `c`. */
function product(heap: Float32Array, a: number, c: number, by: Product): void {
  for (let column = 0; column < by.columns; column++) {
    let w = by.packed + (column >> 3) * by.k * 8 + (column & 7)
    let sum = heap[by.bias + column]!
    for (let i = 0; i < by.k; i++, w += 8) sum = f(sum + f(heap[a + i]! * heap[w]!))
    heap[c + column] = activate(by.slope, curveCodes.none, sum)
  }
}

function convolve(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  const word = (index: number): number => words[at + index]!
  const by = {
    k: word(6),
    packed: word(7) >> 2,
    bias: word(8) >> 2,
    columns: word(12) * 8,
    slope: heap[at + 13]!,
  }
  for (let row = 0; row < count; row++)
    for (let step = 0; step < word(5); step++) {
      const from = word(2) + row * word(3) + step * word(4)
      product(heap, from >> 2, (word(9) + row * word(10) + step * word(11)) >> 2, by)
    }
}

function bow(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  for (let row = 0; row < count; row++) {
    const from = (words[at + 2]! + row * words[at + 3]!) >> 2
    for (let i = from; i < from + (words[at + 4]! >> 2); i++) heap[i] = activate(1, words[at + 5]!, heap[i]!)
  }
}

function move(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  const word = (index: number): number => words[at + index]!
  for (let row = 0; row < count; row++)
    for (let step = 0; step < word(5); step++) {
      const from = (word(2) + row * word(3) + step * word(4)) >> 2
      heap.copyWithin((word(7) + row * word(8) + step * word(9)) >> 2, from, from + (word(6) >> 2))
    }
}
