// Twin: the kernel in plain TypeScript over one heap, operation by operation as in assembly/, with every result rounded to
// float32. Products, sums, quotients of float32 values computed in float64 and rounded once are the float32 results, so
// the bits are those of the WebAssembly kernel.

import {
  ADD,
  ATTEND,
  BEND,
  BOW,
  CONVOLVE,
  COPY,
  DENSE,
  DISTANCE,
  DIVERGENCE,
  ERROR,
  FILL,
  HISTOGRAM,
  MOVE,
  NEAREST,
  NORMALISE,
  PROBE,
  RANK,
  RECALL,
  RECUR,
  RESIDUAL,
  SCALE,
  SETTLE,
  SHARES,
  SQUARES,
  TRAIL,
  UNBEND,
  WEIGHTED,
} from './program.ts'
import { activate, pmax, pmin } from './twin-activation.ts'
import { bend, unbend } from './twin-bend.ts'
import { histogram } from './twin-histogram.ts'
import { distance, nearest, probe, recall, runWords } from './twin-nearest.ts'
import { rank } from './twin-rank.ts'
import { sequence } from './twin-sequence.ts'
import { settle } from './twin-settle.ts'
import { divergence, shares } from './twin-shares.ts'
import { trail } from './twin-trail.ts'

const f = Math.fround

/** What interprets programs over `memory`: (program, end, rows, chunk) → missing values. */
export function twin(memory: ArrayBuffer): (at: number, end: number, rows: number, chunk: number) => number {
  const heap = new Float32Array(memory)
  const words = new Int32Array(memory)
  return (from, end, rows, chunk) => {
    let missing = 0
    for (let row = 0; row < rows; row += chunk) {
      const count = Math.min(chunk, rows - row)
      for (let at = from; at < end; at += words[(at >> 2) + 1]! * 4) missing += step(heap, words, at >> 2, row, count)
    }
    return missing
  }
}

function step(heap: Float32Array, words: Int32Array, at: number, row: number, count: number): number {
  switch (words[at]) {
    case SCALE:
      return scale(heap, words, at, row, count)
    case DENSE:
      dense(heap, words, at, count)
      return 0
    case RESIDUAL:
      residual(heap, words, at, count)
      return 0
    case SETTLE:
      settle(heap, words, at, count)
      return 0
    case SHARES:
      shares(heap, words, at, count)
      return 0
    case DIVERGENCE:
      divergence(heap, words, at, row, count)
      return 0
    case SQUARES:
      squares(heap, words, at, row, count)
      return 0
    case WEIGHTED:
      weighted(heap, words, at, row, count)
      return 0
    case ERROR:
      error(heap, words, at, row, count)
      return 0
    case COPY: {
      const source = words[at + 2]! >> 2
      heap.copyWithin(words[at + 3]! >> 2, source, source + count * words[at + 4]! * 4)
      return 0
    }
    case TRAIL:
      trails(heap, words, at, row, count)
      return 0
    case HISTOGRAM:
      rarities(heap, words, at, row, count)
      return 0
    case RANK:
      ranks(heap, words, at, count)
      return 0
    case BEND:
      bend(heap, words, at, count)
      return 0
    case UNBEND:
      unbend(heap, words, at, count)
      return 0
    case NEAREST:
    case PROBE:
    case RECALL:
    case DISTANCE:
      near(heap, words, at, row, count)
      return 0
    case BOW:
    case CONVOLVE:
    case MOVE:
    case RECUR:
    case ADD:
    case NORMALISE:
    case ATTEND:
      sequence(heap, words, at, count)
      return 0
    default:
      if (words[at] !== FILL) throw new RangeError(`no such kernel operation: ${words[at]}`)
      fill(heap, words, at, count)
      return 0
  }
}

function scale(heap: Float32Array, words: Int32Array, at: number, row: number, count: number): number {
  const width = words[at + 3]!
  const stride = words[at + 5]! * 4
  const clip = heap[at + 9]!
  const [mean, inverse] = [words[at + 6]! >> 2, words[at + 7]! >> 2]
  const [counts, masks] = [(words[at + 10]! >> 2) + row, words[at + 11]! >> 2]
  let total = 0
  for (let r = 0; r < count; r++) {
    const x = (words[at + 2]! >> 2) + (row + r) * width
    const z = (words[at + 4]! >> 2) + r * stride
    let missing = 0
    for (let c = 0; c < stride; c++) {
      const value = c < width ? heap[x + c]! : 0
      const scaled = f(f(value - heap[mean + c]!) * heap[inverse + c]!)
      heap[z + c] = Number.isNaN(value) ? 0 : pmax(-clip, pmin(clip, scaled))
      const lost = Number.isNaN(value)
      if (lost) missing++
      if (masks > 0) words[masks + r * stride + c] = lost ? -1 : 0
    }
    words[counts + r] = missing
    total += missing
  }
  return total
}

function dense(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  const [aStride, k, cStride] = [words[at + 3]! >> 2, words[at + 4]!, words[at + 9]! >> 2]
  const triangular = words[at + 5] !== 0
  const [packed, bias] = [words[at + 6]! >> 2, words[at + 7]! >> 2]
  const [slope, code] = [heap[at + 11]!, words[at + 12]!]
  for (let r = 0; r < count; r++) {
    const a = (words[at + 2]! >> 2) + r * aStride
    const c = (words[at + 8]! >> 2) + r * cStride
    for (let column = 0; column < words[at + 10]! * 8; column++) {
      const block = column >> 3
      const depth = triangular ? Math.min(k, (block + 1) * 8) : k
      let w = packed + block * k * 8 + (column & 7)
      let sum = heap[bias + column]!
      for (let i = 0; i < depth; i++, w += 8) sum = f(sum + f(heap[a + i]! * heap[w]!))
      heap[c + column] = activate(slope, code, sum)
    }
  }
}

function residual(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  const stride = words[at + 7]! * 4
  const masks = words[at + 5]! >> 2
  for (let i = 0; i < count * stride; i++) {
    const masked = masks > 0 && words[masks + i] !== 0
    const mean = heap[(words[at + 4]! >> 2) + (i % stride)]!
    const value = f(f(heap[(words[at + 2]! >> 2) + i]! - heap[(words[at + 3]! >> 2) + i]!) - mean)
    heap[(words[at + 6]! >> 2) + i] = masked ? 0 : value
  }
}

function squares(heap: Float32Array, words: Int32Array, at: number, row: number, count: number): void {
  const stride = words[at + 3]! * 4
  const scores = (words[at + 4]! >> 2) + row
  for (let r = 0; r < count; r++) {
    const y = (words[at + 2]! >> 2) + r * stride
    const lanes = [0, 0, 0, 0]
    for (let c = 0; c < stride; c++) lanes[c & 3] = f(lanes[c & 3]! + f(heap[y + c]! * heap[y + c]!))
    heap[scores + r] = across(lanes)
  }
}

function weighted(heap: Float32Array, words: Int32Array, at: number, row: number, count: number): void {
  const stride = words[at + 6]! * 4
  const width = words[at + 4]!
  const w = words[at + 3]! >> 2
  const scores = (words[at + 7]! >> 2) + row
  for (let i = 0; i < count; i++) {
    const r = (words[at + 2]! >> 2) + i * stride
    const lanes = [0, 0, 0, 0]
    for (let c = 0; c < stride; c++) {
      lanes[c & 3] = f(lanes[c & 3]! + f(f(heap[r + c]! * heap[r + c]!) * heap[w + c]!))
    }
    const missing = words[(words[at + 5]! >> 2) + row + i]!
    let score = across(lanes)
    if (missing > 0) score = f(score * f(width / Math.max(1, width - missing)))
    heap[scores + i] = score
  }
}

function error(heap: Float32Array, words: Int32Array, at: number, row: number, count: number): void {
  const stride = words[at + 5]! * 4
  const w = words[at + 4]! >> 2
  const scores = (words[at + 6]! >> 2) + row
  for (let i = 0; i < count; i++) {
    const z = (words[at + 2]! >> 2) + i * stride
    const reconstructed = (words[at + 3]! >> 2) + i * stride
    const lanes = [0, 0, 0, 0]
    for (let c = 0; c < stride; c++) {
      const r = f(heap[z + c]! - heap[reconstructed + c]!)
      lanes[c & 3] = f(lanes[c & 3]! + f(f(r * r) * heap[w + c]!))
    }
    heap[scores + i] = across(lanes)
  }
}

function trails(heap: Float32Array, words: Int32Array, at: number, row: number, count: number): void {
  const place = (index: number): number => words[at + index]! >> 2
  const [channels, spanCount] = [words[at + 5]!, words[at + 7]!]
  const shape = { steps: words[at + 4]!, channels, spans: place(6), spanCount, center: place(8), inverse: place(9) }
  const stride = Math.ceil(channels / 4) * 4 * spanCount
  const masks = place(11)
  for (let r = 0; r < count; r++) {
    const from = r * place(3)
    const [out, outMasks] = [place(12) + r * stride, place(13) + r * stride]
    const lost = trail(heap, words, place(2) + from, masks > 0 ? masks + from : 0, out, outMasks, {
      ...shape,
      clip: heap[at + 10]!,
    })
    if (masks > 0) words[place(14) + row + r] = lost
  }
}

function rarities(heap: Float32Array, words: Int32Array, at: number, row: number, count: number): void {
  const place = (index: number): number => words[at + index]! >> 2
  const shape = {
    columns: words[at + 4]!,
    low: place(5),
    inverse: place(6),
    table: place(7),
    bins: words[at + 8]!,
    rate: heap[at + 9]!,
    base: heap[at + 10]!,
    floor: heap[at + 11]!,
  }
  const masks = place(12)
  for (let r = 0; r < count; r++) {
    const from = r * place(3)
    heap[place(13) + row + r] = histogram(heap, words, place(2) + from, masks > 0 ? masks + from : 0, shape)
  }
}

function ranks(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  const place = (index: number): number => words[at + index]! >> 2
  const [stride, width, knots, masks] = [place(3), words[at + 4]!, words[at + 5]!, place(8)]
  for (let i = 0; i < count * stride; i++) {
    const column = i % stride
    const lost = column >= width || (masks > 0 && words[masks + i] !== 0)
    const table = column * knots
    heap[place(9) + i] = lost ? 0 : rank(heap, heap[place(2) + i]!, knots, place(6) + table, place(7) + table)
  }
}

/** The operations on stored rows, row by row. */
function near(heap: Float32Array, words: Int32Array, at: number, row: number, count: number): void {
  const word = (index: number): number => words[at + index]!
  for (let r = 0; r < count; r++) {
    if (words[at] === NEAREST) {
      const stored = { packed: word(5) >> 2, norms: word(6) >> 2, columns: word(4), blocks: word(7) }
      nearest(heap, words, (word(2) + r * word(3)) >> 2, stored, (word(9) >> 2) + r * runWords, word(10))
    } else if (words[at] === PROBE) {
      const stored = { packed: word(5) >> 2, norms: word(6) >> 2, columns: word(4), blocks: 0 }
      const [cells, best] = [(word(8) >> 2) + r * runWords, (word(10) >> 2) + r * runWords]
      probe(heap, words, (word(2) + r * word(3)) >> 2, stored, cells, word(9), best, word(11))
    } else if (words[at] === RECALL) {
      const stride = word(6) >> 2
      const best = (word(2) >> 2) + r * runWords
      recall(heap, words, best, word(3), word(4) >> 2, (word(5) >> 2) + r * stride, stride)
    } else {
      const stride = word(3) * 4
      const best = (word(4) >> 2) + r * runWords
      const found = distance(heap, words, (word(2) >> 2) + r * stride, stride, best, word(5), word(6) >> 2)
      heap[(word(7) >> 2) + row + r] = found
    }
  }
}

function across(lanes: readonly number[]): number {
  return f(f(f(lanes[0]! + lanes[1]!) + lanes[2]!) + lanes[3]!)
}

function fill(heap: Float32Array, words: Int32Array, at: number, count: number): void {
  const [z, reconstructed, masks] = [words[at + 2]! >> 2, words[at + 3]! >> 2, words[at + 4]! >> 2]
  for (let i = 0; i < count * words[at + 5]! * 4; i++) {
    if (words[masks + i] !== 0) heap[z + i] = heap[reconstructed + i]!
  }
}
