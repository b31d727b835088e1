// History: from an input topic to the rows a detector may learn from. Replays the topic through the very fold that the scorer
// uses, and samples. Owns no decision about what is normal but exclusions named by people; the incumbent's come after.
// Invariants
//   H1 rows whose look-back was cut off by retention are not used (they would look emptier than live rows).
//   H2 memory is bounded by twice rowsMax rows, whatever the length of the history.
//   H3 too many rows: whole keys go, by a salted hash, so that every kept key keeps its course; with fewer than keysForHash
//      keys, the older half goes instead, so that what is kept is one contiguous block of time.
//   H4 rows come out in order of event time.

import type { Reader } from '../../libs/bus/bus.ts'
import { hash64 } from '../../libs/core/hash.ts'
import type { Records } from '../../libs/core/records.ts'
import type { Fold } from '../../libs/stream/fold.ts'
import type { TimeRange } from '../../libs/stream/spec.ts'
import type { Stream } from '../../libs/stream/stream.ts'

const keysForHash = 50

export interface OffsetRange {
  readonly partition: number
  readonly from: number
  readonly to: number
}

export interface History {
  /** count × width. */
  readonly rows: Float32Array
  readonly count: number
  readonly timesMs: Float64Array
  readonly partitions: Int32Array
  readonly offsets: Float64Array
  readonly ranges: readonly OffsetRange[]
  /** Records replayed, complete rows among them, and the span of event time they cover: the event rate. */
  readonly recordsSeen: number
  readonly rowsSeen: number
  readonly spanMs: number
  /** Rows not used, by reason. */
  readonly dropped: Readonly<Record<string, number>>
}

export interface HistoryOptions {
  readonly stream: Stream
  readonly reader: Reader
  /** A fold of its own for each partition. */
  readonly makeFold: () => Fold
  /** `partition/offset` of records that a person called anomalous. */
  readonly flagged: ReadonlySet<string>
  readonly salt: number
  readonly resolve: (id: number) => Promise<string | 'absent'>
}

export async function history(options: HistoryOptions): Promise<History> {
  const { stream, reader } = options
  const topic = stream.spec.source.topic
  const sample = new Sample(stream, options.salt)
  const ranges: OffsetRange[] = []
  let recordsSeen = 0
  for (let partition = 0; partition < (await reader.partitions(topic)); partition++) {
    const range = await reader.range(topic, partition)
    if (range.next <= range.first) continue
    const from = await historyStart(reader, stream, partition, range)
    ranges.push({ partition, from, to: range.next })
    // With nothing cut off before it, the fold is exact from the first record on.
    const whole = from === 0
    recordsSeen += await replay(options, partition, from, range.next, whole, sample)
  }
  return { ...sample.finish(), ranges, recordsSeen }
}

async function historyStart(
  reader: Reader,
  stream: Stream,
  partition: number,
  range: { readonly first: number; readonly next: number },
): Promise<number> {
  const topic = stream.spec.source.topic
  let lastMs = Number.NaN
  for await (const records of reader.read(topic, partition, Math.max(range.first, range.next - 16), range.next)) {
    if (records.count > 0) lastMs = records.timestampsMs[records.count - 1] as number
  }
  if (Number.isNaN(lastMs)) return range.first
  const wantedMs = lastMs - stream.spec.training.historyMs - stream.horizonMs
  return Math.max(range.first, Math.min(await reader.offsetAt(topic, partition, wantedMs), range.next))
}

async function replay(
  options: HistoryOptions,
  partition: number,
  from: number,
  to: number,
  whole: boolean,
  sample: Sample,
): Promise<number> {
  const { stream, reader, flagged } = options
  const fold = options.makeFold()
  const rows = new Float32Array(fold.rowsMax * stream.width)
  let seen = 0
  let usableFromMs = whole ? Number.NEGATIVE_INFINITY : Number.NaN
  for await (const records of reader.read(stream.spec.source.topic, partition, from, to)) {
    seen += records.count
    for (let index = 0; index < records.count; ) {
      const reached = fold.fold(records, index, Math.min(index + fold.rowsMax, records.count), rows)
      for (let row = 0; row < fold.rowCount; row++) {
        const record = fold.rowRecord[row] as number
        const timeMs = fold.eventTimesMs[record - index] as number
        if (Number.isNaN(usableFromMs)) usableFromMs = timeMs + stream.horizonMs
        sample.offer(rows, row, timeMs, {
          usable: timeMs >= usableFromMs,
          flagged: flagged.size > 0 && flagged.has(`${partition}/${records.offsets[record]}`),
          key: keyHash(fold, records, record),
          partition,
          offset: records.offsets[record] as number,
        })
      }
      index = reached
      if (fold.need !== null) fold.supply(fold.need.id, await options.resolve(fold.need.id))
    }
  }
  return seen
}

const encoder = new TextEncoder()
const hashed = new Uint32Array(2)

function keyHash(fold: Fold, records: Records, index: number): number {
  const bytes = encoder.encode(fold.keyText(records, index))
  hash64(bytes, 0, bytes.length, hashed, 0)
  return hashed[0] as number
}

interface Offered {
  readonly usable: boolean
  readonly flagged: boolean
  readonly key: number
  readonly partition: number
  readonly offset: number
}

/** A bounded sample of rows; a structure of arrays that is thinned in place when it is full. */
class Sample {
  readonly #width: number
  readonly #capacity: number
  readonly #rowsMax: number
  readonly #exclude: readonly TimeRange[]
  readonly #salt: number
  readonly #rows: Float32Array
  readonly #timesMs: Float64Array
  readonly #keys: Uint32Array
  readonly #partitions: Int32Array
  readonly #offsets: Float64Array
  readonly #dropped: Record<string, number> = {}
  #count = 0
  #seen = 0
  #modulus = 1
  #fromMs = Number.NEGATIVE_INFINITY
  #firstMs = Number.POSITIVE_INFINITY
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(stream: Stream, salt: number) {
    this.#width = stream.width
    this.#rowsMax = stream.spec.training.rowsMax
    this.#capacity = 2 * this.#rowsMax
    this.#exclude = stream.spec.training.exclude
    this.#salt = salt
    this.#rows = new Float32Array(this.#capacity * stream.width)
    this.#timesMs = new Float64Array(this.#capacity)
    this.#keys = new Uint32Array(this.#capacity)
    this.#partitions = new Int32Array(this.#capacity)
    this.#offsets = new Float64Array(this.#capacity)
  }

  offer(rows: Float32Array, row: number, timeMs: number, offered: Offered): void {
    this.#seen += 1
    this.#firstMs = Math.min(this.#firstMs, timeMs)
    this.#lastMs = Math.max(this.#lastMs, timeMs)
    const reason = this.#reason(timeMs, offered)
    if (reason !== null) {
      this.#drop(reason, 1)
      return
    }
    if (this.#count === this.#capacity) this.#thin()
    const at = this.#count++
    this.#rows.set(rows.subarray(row * this.#width, (row + 1) * this.#width), at * this.#width)
    this.#timesMs[at] = timeMs
    this.#keys[at] = offered.key
    this.#partitions[at] = offered.partition
    this.#offsets[at] = offered.offset
  }

  #reason(timeMs: number, offered: Offered): string | null {
    if (!offered.usable) return 'within-horizon'
    if (offered.flagged) return 'called-anomalous'
    if (this.#exclude.some((range) => timeMs >= range.fromMs && timeMs < range.toMs)) return 'excluded'
    if (timeMs < this.#fromMs || !this.#keeps(offered.key)) return 'sampled-out'
    return null
  }

  #keeps(key: number): boolean {
    return ((Math.imul(key ^ this.#salt, 0x9e3779b1) >>> 8) & (this.#modulus - 1)) === 0
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
    this.#keep((i) => this.#keeps(this.#keys[i] as number) && (this.#timesMs[i] as number) >= this.#fromMs)
  }

  #keep(wanted: (index: number) => boolean): void {
    let kept = 0
    for (let i = 0; i < this.#count; i++) {
      if (!wanted(i)) continue
      this.#rows.copyWithin(kept * this.#width, i * this.#width, (i + 1) * this.#width)
      this.#timesMs[kept] = this.#timesMs[i] as number
      this.#keys[kept] = this.#keys[i] as number
      this.#partitions[kept] = this.#partitions[i] as number
      this.#offsets[kept] = this.#offsets[i] as number
      kept++
    }
    this.#drop('sampled-out', this.#count - kept)
    this.#count = kept
  }

  finish(): Omit<History, 'ranges' | 'recordsSeen'> {
    while (this.#count > this.#rowsMax) {
      const before = this.#count
      this.#thin()
      if (this.#count === before) break
    }
    const order = Uint32Array.from({ length: this.#count }, (_, i) => i)
    // Equal times stay in the order they were read, so that the same history gives the same rows.
    order.sort((a, b) => (this.#timesMs[a] as number) - (this.#timesMs[b] as number) || a - b)
    const rows = new Float32Array(this.#count * this.#width)
    for (const [i, from] of order.entries()) {
      rows.set(this.#rows.subarray(from * this.#width, (from + 1) * this.#width), i * this.#width)
    }
    return {
      rows,
      count: this.#count,
      timesMs: Float64Array.from(order, (i) => this.#timesMs[i] as number),
      partitions: Int32Array.from(order, (i) => this.#partitions[i] as number),
      offsets: Float64Array.from(order, (i) => this.#offsets[i] as number),
      rowsSeen: this.#seen,
      spanMs: Math.max(0, this.#lastMs - this.#firstMs),
      dropped: this.#dropped,
    }
  }
}
