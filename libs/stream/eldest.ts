// Eldest: which of n slots was used longest ago, when uses happen far more often than the question. A binary heap over the
// uses as they were last seen here; they only ever ascend, so that a stale one is a lower bound, and the root, once its
// use is found to be true, is the eldest of all. Nothing is to be done when a slot is used.

export class Eldest {
  /** Slots by heap position, and the use of each as last seen. */
  readonly #slots: Int32Array
  readonly #uses: Float64Array

  /** Slots 0 … count − 1, none seen yet. */
  constructor(count: number) {
    this.#slots = Int32Array.from({ length: count }, (_, i) => i)
    this.#uses = new Float64Array(count)
  }

  /** The slot whose use, cells[slot · stride + at], is least; it counts as used at `next` now, which is greater than all. */
  take(cells: Float64Array, stride: number, at: number, next: number): number {
    for (;;) {
      const slot = this.#slots[0]!
      const now = cells[slot * stride + at]!
      if (now === this.#uses[0]) {
        this.#sink(slot, next)
        return slot
      }
      this.#sink(slot, now)
    }
  }

  /** Replaces the root by `slot` with `use` and restores the order of the heap. */
  #sink(slot: number, use: number): void {
    const slots = this.#slots
    const uses = this.#uses
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= slots.length) break
      if (child + 1 < slots.length && uses[child + 1]! < uses[child]!) child++
      if (uses[child]! >= use) break
      slots[at] = slots[child]!
      uses[at] = uses[child]!
      at = child
    }
    slots[at] = slot
    uses[at] = use
  }
}
