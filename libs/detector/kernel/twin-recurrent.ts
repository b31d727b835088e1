// The twin's memory cells: assembly/recurrent.ts in plain TypeScript, to the same bits, row by row.

import { curveCodes } from './program.ts'
import { activate } from './twin-activation.ts'
import { product } from './twin-product.ts'

const f = Math.fround
const none = curveCodes.none

export function recur(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  for (let row = 0; row < count; row++) recurRow(heap, words, at, row)
}

function recurRow(heap: Float32Array, words: Int32Array, at: number, row: number): void {
  const word = (index: number): number => words[at + index]!
  const [steps, inputs, units, isGru] = [word(5), word(6), word(7), word(8) !== 0]
  const gateCount = isGru ? 2 : 4
  const seen = (word(13) + row * word(14)) >> 2
  const gates = (word(15) >> 2) + row * gateCount * units
  const fresh = (word(16) >> 2) + row * units
  const state = (word(17) >> 2) + row * units
  const k = units + inputs
  const byGates = { k, packed: word(9) >> 2, bias: word(10) >> 2, columns: gateCount * units, slope: 1 }
  const byFresh = { k, packed: word(11) >> 2, bias: word(12) >> 2, columns: units, slope: 1 }
  heap.fill(0, seen, seen + units)
  heap.fill(0, state, state + units)
  for (let step = 0; step < steps; step++) {
    const from = (word(2) + row * word(3) + step * word(4)) >> 2
    heap.copyWithin(seen + units, from, from + inputs)
    product(heap, seen, gates, { ...byGates, curve: isGru ? curveCodes.sigmoid : none })
    if (isGru) {
      for (let u = 0; u < units; u++) heap[seen + u] = f(heap[gates + units + u]! * heap[state + u]!)
      product(heap, seen, fresh, { ...byFresh, curve: curveCodes.tanh })
      for (let u = 0; u < units; u++) renew(heap, gates + u, fresh + u, state + u, seen + u)
    } else for (let u = 0; u < units; u++) remember(heap, gates + u, units, state + u, seen + u)
    heap.copyWithin((word(18) + row * word(19) + step * word(20)) >> 2, seen, seen + units)
  }
}

function remember(heap: Float32Array, gate: number, units: number, state: number, out: number): void {
  const [entry, kept] = [sigmoid(heap[gate]!), sigmoid(heap[gate + units]!)]
  const [fresh, exit] = [tanh(heap[gate + 2 * units]!), sigmoid(heap[gate + 3 * units]!)]
  heap[state] = f(f(kept * heap[state]!) + f(entry * fresh))
  heap[out] = f(tanh(heap[state]!) * exit)
}

function renew(heap: Float32Array, update: number, fresh: number, state: number, out: number): void {
  const z = heap[update]!
  heap[state] = f(f(z * heap[state]!) + f(f(1 - z) * heap[fresh]!))
  heap[out] = heap[state]!
}

function sigmoid(x: number): number {
  return activate(1, curveCodes.sigmoid, x)
}

function tanh(x: number): number {
  return activate(1, curveCodes.tanh, x)
}
