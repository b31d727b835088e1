// Chain: a cheap 64-bit fold over (offset, outcome) of every record judged, in order. Two runs that judged the same records
// alike have the same chain; one that skipped, repeated or judged otherwise has another, but for a chance of 2^-64.
// It shows mistakes, it does not withstand an attacker.

export class Chain {
  #a: number
  #b: number

  constructor(start: readonly [number, number] = [0x6a09e667, 0xbb67ae85]) {
    this.#a = start[0] | 0
    this.#b = start[1] | 0
  }

  /** Adds outcomes[0, count) of the records at offsets[from, from + count). */
  add(offsets: Float64Array, from: number, outcomes: Uint8Array, count: number): void {
    let a = this.#a
    let b = this.#b
    for (let i = 0; i < count; i++) {
      const offset = offsets[from + i] as number
      const low = offset | 0
      const high = (offset / 4294967296) | 0
      a = Math.imul(a ^ low, 0x9e3779b1)
      a = ((a << 13) | (a >>> 19)) + b
      b = Math.imul(b ^ high ^ ((outcomes[i] as number) + 1), 0x85ebca77)
      b = ((b << 17) | (b >>> 15)) ^ a
    }
    this.#a = a | 0
    this.#b = b | 0
  }

  get value(): readonly [number, number] {
    return [this.#a >>> 0, this.#b >>> 0]
  }
}
