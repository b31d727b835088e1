// Loss curve: what a training tells of its losses.

const lossPoints = 20

/** The mean loss over each of `lossPoints` equal parts of the steps. */
export class LossCurve {
  readonly points: number[] = []
  readonly #steps: number
  #sum = 0
  #count = 0
  #seen = 0

  constructor(steps: number) {
    this.#steps = steps
  }

  add(loss: number): void {
    this.#sum += loss
    this.#count++
    this.#seen++
    if (this.#seen * lossPoints < (this.points.length + 1) * this.#steps) return
    this.points.push(this.#sum / this.#count)
    this.#sum = 0
    this.#count = 0
  }
}
