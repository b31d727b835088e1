// The twin's layers over the steps of a window: assembly/sequence.ts in plain TypeScript, to the same bits.

import { ADD, ATTEND, BOW, CONVOLVE, curveCodes, MOVE, NORMALISE, RECUR } from './program.ts'
import { activate } from './twin-activation.ts'
import { add, attend, normalise } from './twin-attention.ts'
import { product } from './twin-product.ts'
import { recur } from './twin-recurrent.ts'

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
    case ADD:
      add(heap, words, at, count)
      return
    case NORMALISE:
      normalise(heap, words, at, count)
      return
    case ATTEND:
      attend(heap, words, at, count)
      return
    case RECUR:
      recur(heap, words, at, count)
      return
    default:
      throw new RangeError(`no such operation over steps: ${words[at]}`)
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
    curve: curveCodes.none,
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
