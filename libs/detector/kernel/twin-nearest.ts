// The twin's nearest rows: assembly/nearest.ts in plain TypeScript, to the same bits. A run of `best` is 8 values, then the
// indices of their rows, in words.

const f = Math.fround
export const runWords = 16
const indexAt = 8
/** Stored rows of a cell. */
const cellRows = 64

/** Stored rows as the kernel reads them: blocks of 8, [block][column][8], values −2c; norms |c|². Positions in words. */
export interface Stored {
  readonly packed: number
  readonly norms: number
  readonly columns: number
  readonly blocks: number
}

/** One row at `z` against all stored rows, into the run at `best`. */
export function nearest(
  heap: Float32Array,
  words: Int32Array,
  z: number,
  stored: Stored,
  best: number,
  neighbours: number,
): void {
  empty(heap, words, best)
  for (let index = 0; index < stored.blocks * 8; index++) look(heap, words, z, stored, index, best, neighbours)
}

/** The same against the stored rows of the first `probes` cells of the run at `cells`. */
export function probe(
  heap: Float32Array,
  words: Int32Array,
  z: number,
  stored: Stored,
  cells: number,
  probes: number,
  best: number,
  neighbours: number,
): void {
  empty(heap, words, best)
  for (let i = 0; i < probes; i++) {
    const first = words[cells + indexAt + i]! * cellRows
    for (let index = first; index < first + cellRows; index++) look(heap, words, z, stored, index, best, neighbours)
  }
}

function empty(heap: Float32Array, words: Int32Array, best: number): void {
  heap.fill(Number.POSITIVE_INFINITY, best, best + indexAt)
  words.fill(0, best + indexAt, best + runWords)
}

/** Sorts one stored row into the run, if it is near enough. */
function look(
  heap: Float32Array,
  words: Int32Array,
  z: number,
  { packed, norms, columns }: Stored,
  index: number,
  best: number,
  neighbours: number,
): void {
  const last = best + neighbours - 1
  let w = packed + (index >> 3) * columns * 8 + (index & 7)
  let value = heap[norms + index]!
  for (let i = 0; i < columns; i++, w += 8) value = f(value + f(heap[z + i]! * heap[w]!))
  if (!(value < heap[last]!)) return
  let to = last
  for (; to > best && heap[to - 1]! > value; to--) {
    heap[to] = heap[to - 1]!
    words[to + indexAt] = words[to - 1 + indexAt]!
  }
  heap[to] = value
  words[to + indexAt] = index
}

/** The mean of a row's nearest of `stored`, into the `stride` words at `reconstructed`. */
export function recall(
  heap: Float32Array,
  words: Int32Array,
  best: number,
  neighbours: number,
  stored: number,
  reconstructed: number,
  stride: number,
): void {
  const share = f(1 / neighbours)
  for (let column = 0; column < stride; column++) {
    let sum = 0
    for (let i = 0; i < neighbours; i++) sum = f(sum + heap[stored + words[best + indexAt + i]! * stride + column]!)
    heap[reconstructed + column] = f(sum * share)
  }
}

/** The mean distance of the row at `z` to its nearest, times the product of their factors. */
export function distance(
  heap: Float32Array,
  words: Int32Array,
  z: number,
  stride: number,
  best: number,
  neighbours: number,
  factors: number,
): number {
  const lanes = [0, 0, 0, 0]
  for (let c = 0; c < stride; c++) lanes[c & 3] = f(lanes[c & 3]! + f(heap[z + c]! * heap[z + c]!))
  const norm = f(f(f(lanes[0]! + lanes[1]!) + lanes[2]!) + lanes[3]!)
  let sum = 0
  let factor = f(1 / neighbours)
  for (let i = 0; i < neighbours; i++) {
    sum = f(sum + f(Math.sqrt(Math.max(f(norm + heap[best + i]!), 0))))
    factor = f(factor * heap[factors + words[best + indexAt + i]!]!)
  }
  return f(sum * factor)
}
