// Planted cells: normal rows that a detector has not seen and that do not alarm, one or two features of which were made bad in
// several ways, such that each alone makes the row alarm. Whoever explains the alarm should name these features. Of a window
// they are bad in its last steps, as if something had just begun. Random by a seed.

import { Random } from '../../libs/core/random.ts'
import type { Model } from '../../libs/detector/model.ts'
import { scoresOf } from '../../libs/detector/scores.ts'

/**
 * swapped: the cells of another row. shifted: by 3 to 6 deviations. extreme: the least or the greatest value of the column,
 * whichever is farther. out of place: values of a row that is far from this one, wrong only beside the other columns.
 */
export const sorts = ['swapped', 'shifted', 'extreme', 'out of place'] as const
export type Sort = (typeof sorts)[number]

export interface Spoilt {
  readonly sort: Sort
  readonly row: Float32Array
  /** The row as it was. */
  readonly before: Float32Array
  /** Bad features: the columns of a step. */
  readonly bad: readonly number[]
  /** Steps back to where they began to be; 0 is the last. */
  readonly onset: number
}

/** Rows tried for each that is kept, at most. */
const attemptsMax = 40
/** Rows of which the farthest gives a value that is out of place. */
const farOf = 32
/** Steps of a window that are bad, at most. */
const badStepsMax = 16

/** Normal rows (stride = width) that train and that are held out: windows of so many steps, or single rows. */
export interface Normal {
  readonly train: Float32Array
  readonly held: Float32Array
  readonly width: number
  readonly steps: number
}

/** For each sort at most `wanted` rows with `count` bad features each; fewer where hardly any such row alarms. */
export function spoiltRows(model: Model, normal: Normal, count: number, wanted: number, seed: number): Spoilt[] {
  const { width, held, steps } = normal
  const { threshold } = model.calibration
  const calm = scoresOf(model, held).reduce<number[]>((rows, score, i) => {
    if (score <= threshold) rows.push(i)
    return rows
  }, [])
  const columns = columnsOf(normal)
  const channels = width / steps
  const movable = Array.from({ length: channels }, (_, j) => j).filter((j) => columns[j]!.deviation > 0)
  if (movable.length <= count || calm.length === 0) return []
  return sorts.flatMap((sort) => {
    const random = Random.derived(seed, `${sort} ${count}`)
    const tried = Array.from({ length: wanted * attemptsMax }, (): Spoilt => {
      const at = calm[random.integer(calm.length)]! * width
      const before = held.slice(at, at + width)
      const bad = distinct(movable, count, random)
      const onset = random.integer(Math.min(steps, badStepsMax))
      const row = before.slice()
      const donor = donorOf(sort, before, normal, columns, random)
      for (const feature of bad) {
        const by = (3 + 3 * random.uniform()) * (random.uniform() < 0.5 ? -1 : 1)
        for (let j = width - (onset + 1) * channels + feature; j < width; j += channels)
          row[j] = badValue(sort, before[j]!, donor[j]!, columns[j]!, by)
      }
      return { sort, row, before, bad, onset }
    }).filter(({ row, before, bad }) => bad.every((j) => row[width - channels + j] !== before[width - channels + j]))
    const alarms = Array.from({ length: count }, (_, i) => alarming(model, tried, i, channels))
    return tried.filter((_, i) => alarms.every((alarm) => alarm[i])).slice(0, wanted)
  })
}

interface Column {
  readonly low: number
  readonly high: number
  readonly deviation: number
}

/** Of the training rows. */
export function columnsOf({ train, width }: Normal): Column[] {
  const count = train.length / width
  return Array.from({ length: width }, (_, j) => {
    let [low, high, sum, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
    for (let at = j; at < train.length; at += width) {
      const value = train[at]!
      low = Math.min(low, value)
      high = Math.max(high, value)
      sum += value
      squares += value * value
    }
    const middle = sum / count
    return { low, high, deviation: low === high ? 0 : Math.sqrt(Math.max(0, squares / count - middle * middle)) }
  })
}

/** The row that gives its values: any, or of some the farthest, in deviations. */
function donorOf(
  sort: Sort,
  row: Float32Array,
  { held, width }: Normal,
  columns: readonly Column[],
  random: Random,
): Float32Array {
  const any = (): Float32Array => {
    const at = random.integer(held.length / width) * width
    return held.subarray(at, at + width)
  }
  let found = any()
  if (sort !== 'out of place') return found
  let most = 0
  for (let i = 0; i < farOf; i++) {
    const other = any()
    let distance = 0
    for (const [j, { deviation }] of columns.entries())
      if (deviation > 0) distance += ((other[j]! - row[j]!) / deviation) ** 2
    if (distance <= most) continue
    most = distance
    found = other
  }
  return found
}

/** `by` in deviations. */
function badValue(sort: Sort, before: number, donated: number, column: Column, by: number): number {
  const { low, high, deviation } = column
  switch (sort) {
    case 'swapped':
    case 'out of place':
      return donated
    case 'shifted':
      return Math.fround(before + by * deviation)
    case 'extreme':
      return before - low > high - before ? low : high
    default:
      return sort satisfies never
  }
}

function distinct(from: readonly number[], count: number, random: Random): number[] {
  const chosen = new Set<number>()
  while (chosen.size < count) chosen.add(from[random.integer(from.length)]!)
  return [...chosen]
}

/** Of each row, whether it alarms with only its bad feature at `index` bad. */
function alarming(model: Model, spoilt: readonly Spoilt[], index: number, channels: number): boolean[] {
  const { width } = model
  const rows = new Float32Array(spoilt.length * width)
  for (const [i, { row, before, bad }] of spoilt.entries()) {
    rows.set(before, i * width)
    for (let j = bad[index]!; j < width; j += channels) rows[i * width + j] = row[j]!
  }
  return Array.from(scoresOf(model, rows), (score) => score > model.calibration.threshold)
}
