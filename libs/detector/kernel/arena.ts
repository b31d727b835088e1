// Arena: lays out a kernel's memory before it exists. Buffers and constants are reserved one after another, then `furnish`
// writes the constants into the memory of a kernel that is large enough. Positions and sizes are in bytes.
// Invariants
//   A1 every position is a multiple of 16, the width of a vector.
//   A2 what follows a buffer is never smaller than a vector, so that a vector load of its last value stays inside.

import type { Program } from './program.ts'

const alignment = 16
/** Position 0 stands for "none" in programs, so nothing lies there. */
const first = 64

export class Arena {
  #end = first
  readonly #constants: { readonly at: number; readonly words: Float32Array | Int32Array }[] = []

  get bytes(): number {
    return this.#end + alignment
  }

  /** Room for so many 32-bit values. */
  reserve(values: number): number {
    const at = this.#end
    this.#end = at + Math.ceil((values * 4) / alignment) * alignment + alignment
    return at
  }

  /** Room for values known now, padded with zeros to `padded` values. */
  place(words: Float32Array | Int32Array, padded = words.length): number {
    const at = this.reserve(padded)
    this.#constants.push({ at, words })
    return at
  }

  program(words: readonly number[]): Program {
    const at = this.place(Int32Array.from(words))
    return { at, end: at + words.length * 4 }
  }

  furnish(memory: ArrayBuffer): void {
    for (const { at, words } of this.#constants) {
      if (words instanceof Float32Array) new Float32Array(memory, at, words.length).set(words)
      else new Int32Array(memory, at, words.length).set(words)
    }
  }
}
