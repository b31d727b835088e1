// The member that remembers windows: a net of training rows, each a radius or more from the others, so that every row seen in
// training has one near. What is expected of a row is the mean of the nearest, and its errors, each over what it usually is,
// are its score: two rows at one distance from everything differ by where the distance lies.

import type { NeighboursMember } from '../model.ts'
import { neighboursMax } from '../model.ts'
import { cellOrder } from './cells.ts'
import { expectedBy } from './expected.ts'
import { type Block, heldResiduals, type OnProgress, scoredHeld } from './held.ts'
import type { TrainingRows } from './kind.ts'
import type { Seen } from './lens.ts'

const neighbours = 3
/** Of all stored rows: wide ones are fewer. */
const storedValuesMax = 8_000_000
/** A first radius, in the root mean square of a column, and how it grows while too many rows are kept. */
const radius = 0.05
const growth = 1.5

export interface Heard<M> {
  readonly member: M
  /** Scores of the training rows, each by a member that has not seen it. */
  readonly held: Float32Array
}

/** Of at most `most` rows. */
export function netMember(seen: Seen, steps: number, most: number, onProgress: OnProgress): Heard<NeighboursMember> {
  const { rows, width, lens } = seen
  const net = netOf(seen, most, onProgress)
  const expected = (block: Block, held: Float32Array): Float32Array =>
    expectedBy(remembering(gathered(rows, outside(net, block), width), width), held, width)
  const residuals = heldResiduals(seen, steps, expected, onProgress)
  const { scoring, scores } = scoredHeld(residuals, seen)
  return { member: { ...remembering(gathered(rows, net.kept, width), width), lens, scoring }, held: scores }
}

function remembering(picked: Float32Array, width: number): NeighboursMember {
  const count = picked.length / width
  return {
    kind: 'neighbours',
    rows: gathered(picked, cellOrder(picked, count, width), width),
    count,
    neighbours: Math.min(neighbours, count),
    probes: neighboursMax,
    metric: null,
    scoring: { kind: 'distance', factors: new Float32Array(count).fill(1) },
  }
}

/** Positions of the rows that are kept, ascending; and of each row, which of them it lies within the radius of. */
interface Net {
  readonly kept: Int32Array
  readonly owners: Int32Array
}

function netOf({ rows, count, width, varying }: Seen, wanted: number, onProgress: OnProgress): Net {
  const most = Math.min(wanted, Math.floor(storedValuesMax / width))
  for (let reach = radius; ; reach *= growth) {
    // Nothing to show for it yet, but whoever has no time left can say so.
    onProgress(0, 0)
    const net = spread({ rows, count, width }, reach * reach * Math.max(1, varying), most)
    if (net !== null) return net
  }
}

/** The oldest first; null if there are too many. */
function spread({ rows, count, width }: TrainingRows, square: number, most: number): Net | null {
  const kept: number[] = []
  const owners = new Int32Array(count)
  for (let row = 0; row < count; row++) {
    let owner = kept.length - 1
    while (owner >= 0 && !isWithin(rows, row * width, kept[owner]! * width, width, square)) owner--
    if (owner < 0) {
      if (kept.length === most) return null
      owner = kept.push(row) - 1
    }
    owners[row] = owner
  }
  return { kept: Int32Array.from(kept), owners }
}

function isWithin(rows: Float32Array, a: number, b: number, width: number, square: number): boolean {
  let sum = 0
  for (let j = 0; j < width; j++) {
    const difference = rows[a + j]! - rows[b + j]!
    sum += difference * difference
    if (sum >= square) return false
  }
  return true
}

/**
 * What the net would be without the rows at a block: each kept row that is one of them gives way to the oldest of those it
 * stands for that is none. Were it just left out, held-out rows would seem farther from everything than rows to come.
 */
function outside({ kept, owners }: Net, { before, after }: Block): Int32Array {
  const places = new Int32Array(kept.length).fill(-1)
  for (let row = 0; row < owners.length; row++) {
    if (row >= before && row < after) continue
    const owner = owners[row]!
    if (places[owner] === -1) places[owner] = row
  }
  return places.filter((place) => place >= 0)
}

function gathered(rows: Float32Array, positions: Int32Array, width: number): Float32Array {
  const out = new Float32Array(positions.length * width)
  for (const [i, row] of positions.entries()) out.set(rows.subarray(row * width, (row + 1) * width), i * width)
  return out
}
