// Products: the products of matrices that the training of layers over steps is made of, on our own kernel. What is between
// them is plain code. TensorFlow's are in ../tensorflow/products.ts: they are the oracle, and what a person may ask for.
// All matrices are row-major without padding.

import { Arena } from '../kernel/arena.ts'
import { type Kernel, wasmKernel } from '../kernel/kernel.ts'
import { BACKWARD, DENSE, operation, real } from '../kernel/program.ts'
import { packed, unpacked } from '../packing.ts'

/** Of a matrix of weights, inputs × outputs. */
export interface Weights {
  readonly values: Float32Array
  readonly inputs: number
  readonly outputs: number
}

export interface Products {
  readonly name: string
  /** x · weights. */
  forward(x: Float32Array, weights: Weights): Float32Array
  /** slopes · weightsᵀ. */
  back(slopes: Float32Array, weights: Weights): Float32Array
  /** xᵀ · slopes. */
  gradient(x: Float32Array, slopes: Float32Array, inputs: number, outputs: number): Float32Array
}

/** Values of the first memory; a product that needs more takes a new one. */
const roomMin = 1 << 18

export function kernelProducts(): Products {
  let kernel: Kernel | null = null
  let room = 0
  /** Runs one operation over rows in a memory that holds what the arena says. */
  const run = (arena: Arena, words: readonly number[], rows: number): ArrayBuffer => {
    const program = arena.program(words)
    if (kernel === null || arena.bytes > room) {
      room = Math.max(2 * arena.bytes, roomMin * 4)
      kernel = wasmKernel(room)
    }
    arena.furnish(kernel.memory)
    kernel.run(program, rows, rows)
    return kernel.memory
  }
  const dense = (x: Float32Array, { values, inputs, outputs }: Weights): Float32Array => {
    const rows = x.length / inputs
    // The kernel reads and writes rows four at a time.
    const whole = Math.ceil(rows / 4) * 4
    const blocks = Math.ceil(outputs / 8)
    const arena = new Arena()
    const from = arena.place(x, whole * inputs)
    const weights = arena.place(packed(values, inputs, outputs))
    const zeros = arena.place(new Float32Array(blocks * 8))
    const to = arena.reserve(whole * blocks * 8)
    const words = operation(
      DENSE,
      ...[from, inputs * 4, inputs, 0, weights, zeros, to, blocks * 32, blocks, real(1), 0],
    )
    const found = new Float32Array(run(arena, words, rows), to, rows * blocks * 8)
    if (outputs === blocks * 8) return found.slice()
    const out = new Float32Array(rows * outputs)
    for (let row = 0; row < rows; row++)
      for (let o = 0; o < outputs; o++) out[row * outputs + o] = found[row * blocks * 8 + o]!
    return out
  }
  return {
    name: 'kernel',
    forward: dense,
    back: (slopes, { values, inputs, outputs }) =>
      dense(slopes, { values: transposed(values, inputs, outputs), inputs: outputs, outputs: inputs }),
    gradient: (x, slopes, inputs, outputs) => {
      const rows = x.length / inputs
      const blocks = Math.ceil(outputs / 8)
      const arena = new Arena()
      const from = arena.place(x, x.length + 4)
      const above = arena.place(slopes, slopes.length + 8)
      const to = arena.reserve(blocks * inputs * 8)
      const bias = arena.reserve(blocks * 8)
      const words = operation(BACKWARD, from, inputs * 4, inputs, above, outputs * 4, blocks, to, bias)
      return unpacked(new Float32Array(run(arena, words, rows), to, blocks * inputs * 8), inputs, outputs)
    },
  }
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = values[i * columns + j]!
  return out
}
