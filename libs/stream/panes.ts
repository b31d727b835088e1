// Panes: an aggregate over a sliding window (t − W, t] as at most 8 panes of W/8 of event time each: the pane of now, and
// a ring of the seven before it, whose total is kept. A record of now touches the pane of now and that total, which lie
// together in the hot part of the slot; the ring is read when time moves on to another pane, or for a straggler.
// Error bound: the window ends at the greatest time of the key and starts at a boundary of panes, so that it covers at
// least 7/8 W and at most W; what is left out is up to one pane at the old end. No record is counted twice, none outside W.
// Invariants
//   P1 hot cells: index floor(t / (W/8)) of the pane of now, total of the ring, pane of now. Pane i of the ring lies at
//      i mod 7, and the ring holds exactly the panes (now − 8, now).
//   P2 a straggler updates the pane of its own time, or nothing once that pane is gone; its row sees the window as of its
//      offset, which ends at the pane of now.
//   P3 nothing is ever subtracted: the total of the ring is added up again from its panes, so that no rounding accumulates.
// In the ring counts are 32-bit words and what rows would round anyway is 32-bit floats: it is most of a key's memory.

import { reset } from './operation.ts'
import { add, combine, type PaneKind, paneShapes } from './pane.ts'
import type { Slab } from './slab.ts'

const OLDER = 7
const PANES = OLDER + 1
const COUNT_MAX = 0xffffffff
const FLOAT_MAX = 3.4028234663852886e38
/** Cells of the total of the ring, from the hot cells on. */
export const TOTAL_AT = 1

export interface Panes {
  readonly kind: PaneKind
  readonly paneMs: number
  /** Cells of the pane of now, from the hot cells on. */
  readonly nowAt: number
  /** Contents of the hot and of the cold cells before a key's first record. */
  readonly hot: Float64Array
  readonly cold: Float64Array
  /** First 32-bit word of each number's ring, from the cold cells on. */
  readonly wordsAt: readonly number[]
}

export function panes(kind: PaneKind, windowMs: number): Panes {
  const { stored, empty } = paneShapes[kind]
  const nowAt = TOTAL_AT + stored.length
  const hot = new Float64Array(nowAt + stored.length).fill(empty)
  hot[0] = Number.NEGATIVE_INFINITY
  const wordsAt: number[] = []
  let words = 0
  // Doubles first, so that they are aligned.
  for (const width of [2, 1]) {
    for (const [n, how] of stored.entries()) {
      if ((how === 'double' ? 2 : 1) !== width) continue
      wordsAt[n] = words
      words += OLDER * width
    }
  }
  const made: Panes = {
    kind,
    paneMs: windowMs / PANES,
    nowAt,
    hot,
    cold: new Float64Array(Math.ceil(words / 2)),
    wordsAt,
  }
  const scratch = new Float64Array(stored.length).fill(empty)
  const views = {
    cells: made.cold,
    words: new Uint32Array(made.cold.buffer),
    floats: new Float32Array(made.cold.buffer),
  }
  for (let pane = 0; pane < OLDER; pane++) store(made, views, 0, pane, scratch, 0)
  return made
}

const taken = new Float64Array(3)

/** Makes `index` the pane of now of a key unless it is an older one; answers whether it is that of now. */
export function arrive(panes: Panes, slab: Slab, hot: number, cold: number, fresh: number, index: number): boolean {
  const { cells } = slab
  if (fresh === 1) {
    reset(cells, hot, panes.hot, cold, panes.cold)
    cells[hot] = index
  } else if (index > cells[hot]!) advance(panes, slab, hot, cold, index)
  return index === cells[hot]
}

function advance(panes: Panes, slab: Slab, hot: number, cold: number, index: number): void {
  const { empty } = paneShapes[panes.kind]
  const { cells } = slab
  const now = cells[hot]!
  const current = hot + panes.nowAt
  if (index - now < PANES) store(panes, slab, cold, ring(now), cells, current)
  taken.fill(empty)
  for (let i = Math.max(now + 1, index - OLDER); i < index; i++) store(panes, slab, cold, ring(i), taken, 0)
  cells.fill(empty, current, hot + panes.hot.length)
  cells[hot] = index
  total(panes, slab, hot, cold)
}

/** Adds x to pane `index`, older than that of now, unless it is gone (P2). */
export function straggle(panes: Panes, slab: Slab, hot: number, cold: number, index: number, x: number): void {
  if (index <= slab.cells[hot]! - PANES) return
  load(panes, slab, cold, ring(index))
  add(panes.kind, taken, 0, x)
  store(panes, slab, cold, ring(index), taken, 0)
  total(panes, slab, hot, cold)
}

function total(panes: Panes, slab: Views, hot: number, cold: number): void {
  const { kind, nowAt } = panes
  const at = hot + TOTAL_AT
  slab.cells.fill(paneShapes[kind].empty, at, hot + nowAt)
  for (let pane = 0; pane < OLDER; pane++) {
    load(panes, slab, cold, pane)
    combine(kind, slab.cells, at, taken, 0, slab.cells, at)
  }
}

function ring(index: number): number {
  return index - OLDER * Math.floor(index / OLDER)
}

function load(panes: Panes, slab: Views, cold: number, pane: number): void {
  const { stored } = paneShapes[panes.kind]
  for (let n = 0; n < stored.length; n++) {
    const word = 2 * cold + panes.wordsAt[n]!
    if (stored[n] === 'count') taken[n] = slab.words[word + pane]!
    else if (stored[n] === 'float') taken[n] = slab.floats[word + pane]!
    else taken[n] = slab.cells[word / 2 + pane]!
  }
}

function store(panes: Panes, slab: Views, cold: number, pane: number, from: Float64Array, at: number): void {
  const { stored } = paneShapes[panes.kind]
  for (let n = 0; n < stored.length; n++) {
    const word = 2 * cold + panes.wordsAt[n]!
    const x = from[at + n]!
    if (stored[n] === 'count') slab.words[word + pane] = Math.min(x, COUNT_MAX)
    else if (stored[n] === 'float')
      slab.floats[word + pane] = x > FLOAT_MAX && x < Number.POSITIVE_INFINITY ? FLOAT_MAX : x
    else slab.cells[word / 2 + pane] = x
  }
}

/** One memory as doubles, words and floats. */
interface Views {
  readonly cells: Float64Array
  readonly words: Uint32Array
  readonly floats: Float32Array
}
