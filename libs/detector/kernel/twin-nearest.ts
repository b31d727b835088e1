// The twin's nearest rows: assembly/nearest.ts in plain TypeScript, to the same bits. A run of `best` is 8 values, then the
// indices of their rows, in words.

const f = Math.fround
export const runWords = 16
const indexAt = 8

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
  { packed, norms, columns, blocks }: Stored,
  best: number,
  neighbours: number,
): void {
  heap.fill(Number.POSITIVE_INFINITY, best, best + indexAt)
  words.fill(0, best + indexAt, best + runWords)
  const last = best + neighbours - 1
  for (let index = 0; index < blocks * 8; index++) {
    let w = packed + (index >> 3) * columns * 8 + (index & 7)
    let value = heap[norms + index]!
    for (let i = 0; i < columns; i++, w += 8) value = f(value + f(heap[z + i]! * heap[w]!))
    if (!(value < heap[last]!)) continue
    let to = last
    for (; to > best && heap[to - 1]! > value; to--) {
      heap[to] = heap[to - 1]!
      words[to + indexAt] = words[to - 1 + indexAt]!
    }
    heap[to] = value
    words[to + indexAt] = index
  }
}

/** The mean of a row's nearest stored rows, into the `stride` words at `reconstructed`. */
export function recall(
  heap: Float32Array,
  words: Int32Array,
  best: number,
  neighbours: number,
  { packed, columns }: Stored,
  reconstructed: number,
  stride: number,
): void {
  const share = f(-0.5 / neighbours)
  heap.fill(0, reconstructed, reconstructed + stride)
  for (let column = 0; column < columns; column++) {
    let sum = 0
    for (let i = 0; i < neighbours; i++) {
      const index = words[best + indexAt + i]!
      sum = f(sum + heap[packed + ((index >> 3) * columns + column) * 8 + (index & 7)]!)
    }
    heap[reconstructed + column] = f(sum * share)
  }
}

/** The squared distance of the row at `z` to the last of its nearest. */
export function distance(heap: Float32Array, z: number, stride: number, best: number, neighbours: number): number {
  const lanes = [0, 0, 0, 0]
  for (let c = 0; c < stride; c++) lanes[c & 3] = f(lanes[c & 3]! + f(heap[z + c]! * heap[z + c]!))
  const sum = f(f(f(lanes[0]! + lanes[1]!) + lanes[2]!) + lanes[3]!)
  const square = f(sum + heap[best + neighbours - 1]!)
  return Math.max(square, 0)
}
