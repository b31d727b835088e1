// Two samples: how alike two tables of the same columns are: of each column the greatest distance between the shares of rows
// up to a value (Kolmogorov and Smirnov), and of pairs of columns the greatest difference of their correlations. Missing
// values (NaN) are left out; a column that does not vary correlates with nothing. And over all columns at once, how often the
// sample that a row is of can be told from its nearest.
// Source of the last: Lopez-Paz and Oquab, Revisiting classifier two-sample tests (2017), with nearest neighbours.

export interface Likeness {
  /** Of each column, 0 (alike) to 1. */
  readonly distances: readonly number[]
  /** Exceeded by one in twenty columns of two samples of the same rows, if these are independent and values differ. */
  readonly distanceMax: number
  /** Share of the rows that are told, as many of each sample: a half is chance. */
  readonly told: number
  /** Greatest difference over all pairs, 0 to 2, and the pair; null where there is one column. */
  readonly correlation: { readonly difference: number; readonly columns: readonly [number, number] } | null
}

const criticalOfTwentieth = 1.358
/** Rows of each sample that are told apart, and how many of the nearest vote. */
const toldRowsMax = 1000
const voters = 5

export function likeness(one: Float32Array, other: Float32Array, width: number): Likeness {
  const [a, b] = [columnsOf(one, width), columnsOf(other, width)]
  const [m, n] = [one.length / width, other.length / width]
  let correlation: Likeness['correlation'] = null
  for (let i = 0; i < width; i++)
    for (let j = i + 1; j < width; j++) {
      const difference = Math.abs(correlate(a[i]!, a[j]!) - correlate(b[i]!, b[j]!))
      if (correlation === null || difference > correlation.difference) correlation = { difference, columns: [i, j] }
    }
  return {
    distances: a.map((column, j) => distance(column, b[j]!)),
    distanceMax: criticalOfTwentieth * Math.sqrt((m + n) / (m * n)),
    told: toldApart(one, other, width),
    correlation,
  }
}

/** In units of the deviations of `other`; a missing value is its mean. */
function toldApart(one: Float32Array, other: Float32Array, width: number): number {
  const size = Math.min(toldRowsMax, one.length / width, other.length / width)
  const rows = new Float32Array(2 * size * width)
  const columns = columnsOf(other, width)
  for (let j = 0; j < width; j++) {
    const known = columns[j]!.filter((value) => !Number.isNaN(value))
    const mean = known.reduce((sum, value) => sum + value / known.length, 0)
    const square = known.reduce((sum, value) => sum + (value - mean) ** 2 / known.length, 0)
    for (let i = 0; i < 2 * size; i++) {
      const from = i < size ? one : other
      const value = from[Math.floor(((i % size) * (from.length / width)) / size) * width + j]!
      rows[i * width + j] = Number.isNaN(value) ? 0 : (value - mean) / Math.sqrt(square > 0 ? square : 1)
    }
  }
  let told = 0
  for (let i = 0; i < 2 * size; i++) {
    const own = votes(rows, i, width, (k) => k < size === i < size)
    if (own > voters / 2) told++
  }
  return size < voters ? 0.5 : told / (2 * size)
}

/** How many of the nearest to row i are `alike`. */
function votes(rows: Float32Array, i: number, width: number, alike: (k: number) => boolean): number {
  const squares = new Float64Array(voters).fill(Number.POSITIVE_INFINITY)
  const which = new Int32Array(voters)
  for (let k = 0; k < rows.length / width; k++) {
    if (k === i) continue
    const last = squares[voters - 1]!
    let sum = 0
    for (let j = 0; j < width && sum < last; j++) sum += (rows[i * width + j]! - rows[k * width + j]!) ** 2
    if (sum >= last) continue
    let at = voters - 1
    for (; at > 0 && squares[at - 1]! > sum; at--) {
      squares[at] = squares[at - 1]!
      which[at] = which[at - 1]!
    }
    squares[at] = sum
    which[at] = k
  }
  return which.reduce((sum, k) => sum + (alike(k) ? 1 : 0), 0)
}

/** Kolmogorov's and Smirnov's; 1 where one sample holds nothing. */
export function distance(one: Float64Array, other: Float64Array): number {
  const [a, b] = [sorted(one), sorted(other)]
  if (a.length === 0 || b.length === 0) return a.length === b.length ? 0 : 1
  let greatest = 0
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const value = Math.min(a[i]!, b[j]!)
    while (i < a.length && a[i]! <= value) i++
    while (j < b.length && b[j]! <= value) j++
    greatest = Math.max(greatest, Math.abs(i / a.length - j / b.length))
  }
  return greatest
}

function sorted(column: Float64Array): Float64Array {
  return column.filter((value) => !Number.isNaN(value)).sort()
}

function columnsOf(rows: Float32Array, width: number): Float64Array[] {
  const count = rows.length / width
  return Array.from({ length: width }, (_, j) => Float64Array.from({ length: count }, (_, i) => rows[i * width + j]!))
}

/** Over the rows that have both. */
function correlate(a: Float64Array, b: Float64Array): number {
  let count = 0
  let [meanA, meanB] = [0, 0]
  let [squareA, squareB, product] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    if (Number.isNaN(a[i]! + b[i]!)) continue
    count++
    const [beforeA, beforeB] = [a[i]! - meanA, b[i]! - meanB]
    meanA += beforeA / count
    meanB += beforeB / count
    squareA += beforeA * (a[i]! - meanA)
    squareB += beforeB * (b[i]! - meanB)
    product += beforeA * (b[i]! - meanB)
  }
  return squareA > 0 && squareB > 0 ? product / Math.sqrt(squareA * squareB) : 0
}
