// Program: the words that the kernel interprets (assembly/index.ts, twin.ts). Each operation is its number, its length in
// words, then its operands: byte positions in memory, counts, or float32 values as they lie in memory.

export const SCALE = 1
export const DENSE = 2
export const RESIDUAL = 3
export const SQUARES = 4
export const WEIGHTED = 5
export const ERROR = 6
export const COPY = 7
export const FILL = 8
export const NEAREST = 14
export const RECALL = 15
export const DISTANCE = 16
export const SHARES = 30
export const DIVERGENCE = 31
export const TRAIL = 17
export const HISTOGRAM = 18
export const PROBE = 19
export const SETTLE = 32
export const RANK = 33
export const BEND = 34
export const UNBEND = 35
/** Layers over the steps of a window. */
export const CONVOLVE = 20
export const MOVE = 21
export const BOW = 22
export const RECUR = 23
export const ADD = 24
export const NORMALISE = 25
export const ATTEND = 26
/** Training only, which the twin does not know. */
export const LOSS = 9
export const DERIVE = 10
export const BACKWARD = 11
export const TRANSPOSE = 12
export const ADAM = 13

/** What follows the sum of a dense layer: the slope below 0 (0 to 1; 1 = none), then a curve. */
export const curveCodes = { none: 0, tanh: 1, sigmoid: 2 } as const

/** A run of program words in a kernel's memory, [at, end) in bytes. */
export interface Program {
  readonly at: number
  readonly end: number
}

const words = new DataView(new ArrayBuffer(4))

/** Float32 as the word that has its bits. */
export function real(value: number): number {
  words.setFloat32(0, value)
  return words.getInt32(0)
}

/** An operation with its length put in. */
export function operation(code: number, ...operands: readonly number[]): number[] {
  return [code, operands.length + 2, ...operands]
}
