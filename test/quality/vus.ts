// Volume under the surface: how well scores rank ranges of a series, when the edges of its labels are not taken at their
// word: each segment is widened by up to half a window, with weights that fall away, and the area under the
// precision-recall (or ROC) curve is averaged over all widths. 250 thresholds, taken from the scores.
// Source: Paparrizos et al., Volume under the surface (2022), in the version of the TSB-AD benchmark.

export interface Volume {
  readonly pr: number
  readonly roc: number
}

/** Rows [from, to]. */
interface Span {
  readonly from: number
  readonly to: number
}

const thresholdCount = 250

export function volume(scores: ArrayLike<number>, labels: ArrayLike<number>, window: number): Volume {
  const ranking = rank(scores)
  const segments = segmentsOf(labels)
  let pr = 0
  let roc = 0
  for (let width = 0; width <= window; width++) {
    const area = areaAt(ranking, labels, segments, width)
    pr += area.pr
    roc += area.roc
  }
  return { pr: pr / (window + 1), roc: roc / (window + 1) }
}

interface Ranking {
  readonly scores: ArrayLike<number>
  /** Rows by falling score. */
  readonly order: Uint32Array
  /** The thresholds, falling, and for each how many rows reach it. */
  readonly limits: Float64Array
  readonly reached: Uint32Array
}

function rank(scores: ArrayLike<number>): Ranking {
  const count = scores.length
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b)
  const step = (count - 1) / (thresholdCount - 1)
  const limits = new Float64Array(thresholdCount)
  const reached = new Uint32Array(thresholdCount)
  let rows = 0
  for (let k = 0; k < thresholdCount; k++) {
    const at = k === thresholdCount - 1 ? count - 1 : Math.trunc(k * step)
    limits[k] = scores[order[at]!]!
    while (rows < count && scores[order[rows]!]! >= limits[k]!) rows++
    reached[k] = rows
  }
  return { scores, order, limits, reached }
}

export function segmentsOf(labels: ArrayLike<number>): Span[] {
  const segments: Span[] = []
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 1) continue
    const from = i
    while (i + 1 < labels.length && labels[i + 1] === 1) i++
    segments.push({ from, to: i })
  }
  return segments
}

function areaAt(ranking: Ranking, labels: ArrayLike<number>, segments: readonly Span[], width: number): Volume {
  const { scores, order, limits, reached } = ranking
  const count = order.length
  const positives = segments.reduce((sum, { from, to }) => sum + to - from + 1, 0)
  const soft = softened(count, segments, width)
  const peaks = zones(count, segments, width).map(({ from, to }) => {
    let peak = Number.NEGATIVE_INFINITY
    for (let i = from; i <= to; i++) peak = Math.max(peak, scores[i]!)
    return peak
  })
  let [hits, beside, row] = [0, 0, 0]
  let [recallBefore, falseBefore] = [0, 0]
  let [pr, roc] = [0, 0]
  for (let k = 0; k < limits.length; k++) {
    for (; row < reached[k]!; row++) {
      const at = order[row]!
      hits += soft[at]!
      if (labels[at] !== 1) beside += soft[at]!
    }
    const weight = positives + beside / 2
    const found = peaks.filter((peak) => peak >= limits[k]!).length / peaks.length
    const recall = Math.min(hits / weight, 1) * found
    const falseRate = (row - hits) / (count - weight)
    pr += (recall - recallBefore) * (hits / row)
    roc += ((falseRate - falseBefore) * (recall + recallBefore)) / 2
    recallBefore = recall
    falseBefore = falseRate
  }
  roc += ((1 - falseBefore) * (1 + recallBefore)) / 2
  return { pr, roc }
}

/** Labels that fall away over half a width on both sides of each segment. */
function softened(count: number, segments: readonly Span[], width: number): Float64Array {
  const soft = new Float64Array(count)
  const half = Math.floor(width / 2)
  for (const { from, to } of segments) {
    for (let i = from; i <= to; i++) soft[i]! += 1
    for (let i = to + 1; i <= Math.min(to + half, count - 1); i++) soft[i]! += Math.sqrt(1 - (i - to) / width)
    for (let i = Math.max(from - half, 0); i < from; i++) soft[i]! += Math.sqrt(1 - (from - i) / width)
  }
  for (let i = 0; i < count; i++) soft[i] = Math.min(1, soft[i]!)
  return soft
}

function zones(count: number, segments: readonly Span[], width: number): Span[] {
  const half = Math.floor(width / 2)
  const merged: Span[] = []
  for (const segment of segments) {
    const zone = { from: Math.max(segment.from - half, 0), to: Math.min(segment.to + half, count - 1) }
    const last = merged.at(-1)
    if (last !== undefined && segment.from - half <= last.to)
      merged[merged.length - 1] = { from: last.from, to: zone.to }
    else merged.push(zone)
  }
  return merged
}

const windowDefault = 125
const lagMax = 400
const lagMin = 3

/** The length of a series' strongest repetition: the highest local peak of its autocorrelation, 125 if there is none. */
export function windowOf(series: ArrayLike<number>): number {
  const count = Math.min(series.length, 20_000)
  let mean = 0
  for (let i = 0; i < count; i++) mean += series[i]! / count
  const at = (lag: number): number => {
    let sum = 0
    for (let i = 0; i + lag < count; i++) sum += (series[i]! - mean) * (series[i + lag]! - mean)
    return sum
  }
  const correlation = Array.from({ length: lagMax + 1 }, (_, lag) => at(lag))
  let best = 0
  for (let lag = lagMin + 1; lag < lagMax; lag++) {
    const [before, here, after] = [correlation[lag - 1]!, correlation[lag]!, correlation[lag + 1]!]
    if (here > before && here > after && (best === 0 || here > correlation[best]!)) best = lag
  }
  return best < 6 || best > 303 ? windowDefault : best
}
