// Novelty: how far a key's value is from all that it has been, in standard scores of that distance's own history; 0 unless
// it is farther than it was all the while just before, so that an incident speaks once, where it begins.
// For each value: its distance to the nearest remembered one, in spreads of the values; the logarithm of that distance; and
// that, standardised by the mean and spread of the logarithms before it.
// Invariants
//   N1 an answer is finite and ≥ 0; it is 0 until LEARNT values and as many distances were seen, and for a value that is
//      remembered.
//   N2 remembered values are ascending and different, REMEMBERED at most. Where one more would be, of the two nearest to
//      each other one goes: what stays is spread over all that was seen, whatever was frequent. `gap`, how near those two
//      are once there are so many, never falls, so that what is nearer to a remembered value is passed over at once.
//   N3 x → a·x + b with a > 0 changes no answer, up to rounding.
//   N4 a value beyond FAR spreads of the mean counts as FAR, and so does a distance: one glitch, however wild, does not make
//      all that follows look alike.
// Means and spreads forget by 1/MEMORY a value once there are so many, so that they follow a key that changes for good.
// Sources: Welford (1962) and West (1979) for the running moments; the remembered values are a greedy k-centre
// summary (Gonzalez, 1985), kept as values come.

import { log } from '../core/elementary.ts'

/** Values that are learnt from before distances are, and distances before anything is said. */
const LEARNT = 50
const REMEMBERED = 128
/** Spreads; see N4. */
const FAR = 10
const MEMORY = 10_000
/** Spreads that no distance is held against: a measurement's own noise. */
const NOISE = 0.1
/** Least spread of the logarithms: a key that repeats a few values for ever has none. */
const LOG_SPREAD_MIN = 0.01
/** Scores just before, 80 to 100 of them, are kept as the greatest of each PANE. */
const PANE = 20
const PANES = 5

const VALUES = 0
const DISTANCES = 3
const COUNT = 6
const GAP = 7
const SCORES = 8
const GREATEST = 9

/**
 * Cells of a key that every value needs: moments of values and of logarithms, three each; of the remembered values how many
 * there are, and their gap; scores just before.
 */
export const noveltyHot = new Float64Array(GREATEST + PANES)
/** Cells of the remembered values, and of one more while it is decided which goes. */
export const noveltyCold = new Float64Array(REMEMBERED + 1)

/** Takes the key's next value, finite, and answers its novelty. */
export function novelty(cells: Float64Array, hot: number, cold: number, x: number): number {
  const spread = spreadWith(cells, hot + VALUES, x)
  const count = cells[hot + COUNT]!
  const at = placeOf(cells, cold, count, x)
  const below = at > 0 ? x - cells[cold + at - 1]! : Number.POSITIVE_INFINITY
  const above = at < count ? cells[cold + at]! - x : Number.POSITIVE_INFINITY
  const distance = Math.min(below, above)
  if (distance > cells[hot + GAP]!) remember(cells, hot, cold, at, x)
  if (cells[hot + VALUES]! <= LEARNT) return 0
  const far = spread > 0 ? Math.min(distance / spread, FAR) : 0
  return peak(cells, hot, standardised(cells, hot + DISTANCES, log(far + NOISE)))
}

/** Enters x, or what is FAR spreads from the mean where it is farther; answers the spread then. */
function spreadWith(cells: Float64Array, at: number, x: number): number {
  const mean = cells[at + 1]!
  const far = cells[at + 2]! > 0 ? FAR * Math.sqrt(cells[at + 2]!) : Number.POSITIVE_INFINITY
  enter(cells, at, Math.max(mean - far, Math.min(mean + far, x)))
  return Math.sqrt(cells[at + 2]!)
}

/** Moments lie as count, mean, variance. */
function enter(cells: Float64Array, at: number, x: number): void {
  const count = Math.min(cells[at]! + 1, MEMORY)
  const off = x - cells[at + 1]!
  cells[at] = count
  cells[at + 1] = cells[at + 1]! + off / count
  cells[at + 2] = cells[at + 2]! + (off * (x - cells[at + 1]!) - cells[at + 2]!) / count
}

/** How far x is above the mean of those before it, in their spreads; x enters behind. */
function standardised(cells: Float64Array, at: number, x: number): number {
  const score = (x - cells[at + 1]!) / Math.max(Math.sqrt(cells[at + 2]!), LOG_SPREAD_MIN)
  const count = cells[at]!
  enter(cells, at, x)
  return count < LEARNT ? 0 : score
}

/** The score, if it is above 0 and above all just before; else 0. */
function peak(cells: Float64Array, hot: number, score: number): number {
  const turn = cells[hot + SCORES]!
  let greatest = 0
  for (let i = 0; i < PANES; i++) greatest = Math.max(greatest, cells[hot + GREATEST + i]!)
  const pane = hot + GREATEST + Math.floor(turn / PANE)
  if (turn % PANE === 0) cells[pane] = 0
  cells[pane] = Math.max(cells[pane]!, score)
  cells[hot + SCORES] = (turn + 1) % (PANE * PANES)
  return score > greatest ? score : 0
}

/** How many of the remembered values are below x. */
function placeOf(cells: Float64Array, cold: number, count: number, x: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (cells[cold + middle]! < x) low = middle + 1
    else high = middle
  }
  return low
}

/** Puts x at its place among the remembered values (N2). */
function remember(cells: Float64Array, hot: number, cold: number, at: number, x: number): void {
  const count = cells[hot + COUNT]!
  cells.copyWithin(cold + at + 1, cold + at, cold + count)
  cells[cold + at] = x
  if (count < REMEMBERED) {
    cells[hot + COUNT] = count + 1
    return
  }
  const upper = nearestPair(cells, cold, count + 1)
  cells.copyWithin(cold + upper, cold + upper + 1, cold + count + 1)
  cells[cold + count] = 0
  const next = nearestPair(cells, cold, count)
  cells[hot + GAP] = cells[cold + next]! - cells[cold + next - 1]!
}

/** The upper of the two of `count` values that are nearest to each other. */
function nearestPair(cells: Float64Array, cold: number, count: number): number {
  let least = Number.POSITIVE_INFINITY
  let upper = 1
  for (let i = 1; i < count; i++) {
    const gap = cells[cold + i]! - cells[cold + i - 1]!
    if (gap >= least) continue
    least = gap
    upper = i
  }
  return upper
}
