// The twin's dense product of one row, in the kernel's order of additions, for the operations that are made of products.

import { activate } from './twin-activation.ts'

const f = Math.fround

/** Weights and what follows the sum; positions in words. */
export interface Product {
  readonly k: number
  readonly packed: number
  readonly bias: number
  readonly columns: number
  readonly slope: number
  readonly curve: number
}

/** From the row at `a` to the one at `c`. */
export function product(heap: Float32Array, a: number, c: number, by: Product): void {
  for (let column = 0; column < by.columns; column++) {
    let w = by.packed + (column >> 3) * by.k * 8 + (column & 7)
    let sum = heap[by.bias + column]!
    for (let i = 0; i < by.k; i++, w += 8) sum = f(sum + f(heap[a + i]! * heap[w]!))
    heap[c + column] = activate(by.slope, by.curve, sum)
  }
}
