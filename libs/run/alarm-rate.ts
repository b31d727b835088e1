// Alarm rate: how often a stream alarms, against how often it should, of late. Old rows fade by half every so many rows that
// some twenty alarms were due in them: long enough to be steady, short enough to notice a detector that has aged.
// Invariants
//   L1 nothing is said before enough rows were judged that DUE_MIN alarms were due: a rate of few rows is noise.
//   L2 a new target begins anew: what an earlier threshold did says nothing of this one.

/** Alarms due within one half-life. */
const DUE_PER_HALF_LIFE = 20
const DUE_MIN = 5

export class AlarmRate {
  readonly target: number
  readonly #halfLifeRows: number
  #rows = 0
  #alarms = 0

  /** `target`: share of rows that should alarm, above 0. */
  constructor(target: number) {
    this.target = target
    this.#halfLifeRows = DUE_PER_HALF_LIFE / target
  }

  judged(rows: number, alarms: number): void {
    const fading = 2 ** (-rows / this.#halfLifeRows)
    this.#rows = this.#rows * fading + rows
    this.#alarms = this.#alarms * fading + alarms
  }

  /** Realised ÷ target, or null while too little is known. */
  get ratio(): number | null {
    const due = this.#rows * this.target
    return due < DUE_MIN ? null : this.#alarms / due
  }
}
