// Sample: a bounded sample of the rows of a history: a structure of arrays that is thinned in place when it is full.
// Invariants
//   S1 memory is bounded by twice rowsMax rows, whatever the length of the history.
//   S2 too many rows: whole keys go, by a salted hash, so that every kept key keeps its course; with fewer than keysForHash
//      keys, the older half goes instead, so that what is kept is one contiguous block of time; of equal times, what came first.
//   S3 rows come out in order of event time, and within equal times in the order they came.

import type { TimeRange } from '../../libs/stream/spec.ts'

const keysForHash = 50
/** Times that tell the span of all. */
const notedMax = 8192
/** Of rows at either end of it that do not count. */
const asideShare = 0.005

export interface SampleOptions {
  readonly width: number
  readonly rowsMax: number
  readonly exclude: readonly TimeRange[]
  readonly salt: number
  /** One key in so many is taken from the start; a power of two. */
  readonly modulus: number
}

export interface Offered {
  readonly usable: boolean
  /** What a person said of a record that the row contains. */
  readonly called: 'anomaly' | 'normal' | null
  readonly key: number
}

/** Rows in order of time, with what is known of each. */
export interface SampledRows {
  /** count × width. */
  readonly rows: Float32Array
  readonly count: number
  readonly timesMs: Float64Array
  /** Hash of each row's key. */
  readonly keys: Uint32Array
  /** Of each row, 1 where a person called it normal. */
  readonly calledNormal: Uint8Array
}

export interface Sampled extends SampledRows {
  /** One key in so many was taken. */
  readonly modulus: number
  /** Complete rows offered, and the span of event time that they cover, but for the outermost of them. */
  readonly rowsSeen: number
  readonly spanMs: number
  readonly lastMs: number
  /** Rows not taken, by reason. */
  readonly dropped: Readonly<Record<string, number>>
}

export class Sample {
  readonly #options: SampleOptions
  readonly #capacity: number
  readonly #rows: Float32Array
  readonly #timesMs: Float64Array
  readonly #keys: Uint32Array
  readonly #calledNormal: Uint8Array
  readonly #dropped: Record<string, number> = {}
  #count = 0
  #seen = 0
  #modulus: number
  #fromMs = Number.NEGATIVE_INFINITY
  /** Times of every k-th row offered. */
  #noted: number[] = []
  #every = 1
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(options: SampleOptions) {
    this.#options = options
    this.#modulus = options.modulus
    this.#capacity = 2 * options.rowsMax
    this.#rows = new Float32Array(this.#capacity * options.width)
    this.#timesMs = new Float64Array(this.#capacity)
    this.#keys = new Uint32Array(this.#capacity)
    this.#calledNormal = new Uint8Array(this.#capacity)
  }

  offer(rows: Float32Array, row: number, timeMs: number, offered: Offered): void {
    const { width } = this.#options
    this.#seen += 1
    this.#lastMs = Math.max(this.#lastMs, timeMs)
    this.#note(timeMs)
    const reason = this.#reason(timeMs, offered)
    if (reason !== null) {
      this.#drop(reason, 1)
      return
    }
    if (this.#count === this.#capacity) this.#thin()
    const at = this.#count++
    this.#rows.set(rows.subarray(row * width, (row + 1) * width), at * width)
    this.#timesMs[at] = timeMs
    this.#keys[at] = offered.key
    this.#calledNormal[at] = offered.called === 'normal' ? 1 : 0
  }

  #note(timeMs: number): void {
    if (this.#seen % this.#every !== 0) return
    this.#noted.push(timeMs)
    if (this.#noted.length < notedMax) return
    this.#noted = this.#noted.filter((_, i) => i % 2 === 1)
    this.#every *= 2
  }

  /** That of nearly all rows, drawn out to all: a few whose clocks are years off have no say in how many come a day. */
  #spanMs(): number {
    const sorted = Float64Array.from(this.#noted).sort()
    const aside = Math.floor(asideShare * sorted.length)
    const from = sorted[aside] ?? 0
    const to = sorted[sorted.length - 1 - aside] ?? 0
    return (to - from) / (1 - (2 * aside) / Math.max(1, sorted.length))
  }

  #reason(timeMs: number, offered: Offered): string | null {
    if (!offered.usable) return 'within-horizon'
    if (offered.called === 'anomaly') return 'called-anomalous'
    if (this.#options.exclude.some((range) => timeMs >= range.fromMs && timeMs < range.toMs)) return 'excluded'
    if (timeMs < this.#fromMs || !this.#keeps(offered.key)) return 'sampled-out'
    return null
  }

  #keeps(key: number): boolean {
    return ((Math.imul(key ^ this.#options.salt, 0x9e3779b1) >>> 8) & (this.#modulus - 1)) === 0
  }

  #drop(reason: string, count: number): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + count
  }

  #thin(): void {
    const distinct = new Set<number>()
    for (let i = 0; i < this.#count && distinct.size < keysForHash; i++) distinct.add(this.#keys[i] as number)
    if (distinct.size >= keysForHash) {
      this.#modulus *= 2
    } else {
      const sorted = this.#timesMs.slice(0, this.#count).sort()
      this.#fromMs = sorted[this.#count >>> 1] as number
    }
    const before = this.#count
    this.#keep((i) => this.#keeps(this.#keys[i] as number) && (this.#timesMs[i] as number) >= this.#fromMs)
    // Most rows are of one moment, or of one key: the later half of them, as they came.
    if (this.#count === before) this.#keep((i) => i >= before >>> 1)
  }

  #keep(wanted: (index: number) => boolean): void {
    const { width } = this.#options
    let kept = 0
    for (let i = 0; i < this.#count; i++) {
      if (!wanted(i)) continue
      this.#rows.copyWithin(kept * width, i * width, (i + 1) * width)
      this.#timesMs[kept] = this.#timesMs[i] as number
      this.#keys[kept] = this.#keys[i] as number
      this.#calledNormal[kept] = this.#calledNormal[i] as number
      kept++
    }
    this.#drop('sampled-out', this.#count - kept)
    this.#count = kept
  }

  finish(): Sampled {
    while (this.#count > this.#options.rowsMax) this.#thin()
    const order = Uint32Array.from({ length: this.#count }, (_, i) => i)
    order.sort((a, b) => (this.#timesMs[a] as number) - (this.#timesMs[b] as number) || a - b)
    const all: SampledRows = {
      rows: this.#rows,
      count: this.#count,
      timesMs: this.#timesMs,
      keys: this.#keys,
      calledNormal: this.#calledNormal,
    }
    return {
      ...rowsAt(all, order, this.#options.width),
      modulus: this.#modulus,
      rowsSeen: this.#seen,
      spanMs: this.#spanMs(),
      lastMs: this.#lastMs,
      dropped: this.#dropped,
    }
  }
}

/** The rows at these places, in this order. */
export function rowsAt(all: SampledRows, places: Uint32Array, width: number): SampledRows {
  const rows = new Float32Array(places.length * width)
  for (const [i, from] of places.entries()) rows.set(all.rows.subarray(from * width, (from + 1) * width), i * width)
  return {
    rows,
    count: places.length,
    timesMs: Float64Array.from(places, (i) => all.timesMs[i] as number),
    keys: Uint32Array.from(places, (i) => all.keys[i] as number),
    calledNormal: Uint8Array.from(places, (i) => all.calledNormal[i] as number),
  }
}
