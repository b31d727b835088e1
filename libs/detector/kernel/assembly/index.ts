// The kernel: runs a program over rows. A program is a list of 32-bit words in memory (an operation, then its operands),
// written once by the engine (../../engine.ts); so a call into the kernel costs the same for one layer or for ten.
// Operation numbers and operands are those of ../program.ts. Rows go through the whole program in chunks, so that the
// activations of a chunk stay in the first-level cache.

import { dense } from './dense'
import { divergence } from './divergence'
import { histogram } from './histogram'
import { distance, nearest, probe, recall } from './nearest'
import { copy, error, fill, residual, scale, squares, weighted } from './rows'
import { add, attend, normalise } from './attention'
import { bend, unbend } from './bend'
import { rank } from './rank'
import { recur } from './recurrent'
import { bow, convolve, move } from './sequence'
import { trail } from './trail'
import { settle } from './settle'
import { shares } from './shares'
import { adam, backward, derive, loss, transpose } from './train'

const SCALE: i32 = 1
const DENSE: i32 = 2
const RESIDUAL: i32 = 3
const SQUARES: i32 = 4
const WEIGHTED: i32 = 5
const ERROR: i32 = 6
const COPY: i32 = 7
const FILL: i32 = 8
const LOSS: i32 = 9
const DERIVE: i32 = 10
const BACKWARD: i32 = 11
const TRANSPOSE: i32 = 12
const ADAM: i32 = 13
const NEAREST: i32 = 14
const RECALL: i32 = 15
const DISTANCE: i32 = 16
const SHARES: i32 = 30
const DIVERGENCE: i32 = 31
const TRAIL: i32 = 17
const HISTOGRAM: i32 = 18
const PROBE: i32 = 19
const SETTLE: i32 = 32
const RANK: i32 = 33
const BEND: i32 = 34
const UNBEND: i32 = 35
const CONVOLVE: i32 = 20
const MOVE: i32 = 21
const BOW: i32 = 22
const RECUR: i32 = 23
const ADD: i32 = 24
const NORMALISE: i32 = 25
const ATTEND: i32 = 26

// @ts-ignore: decorator
@inline
function word(at: usize, index: i32): i32 {
  return load<i32>(at + (<usize>index << 2))
}

// @ts-ignore: decorator
@inline
function real(at: usize, index: i32): f32 {
  return load<f32>(at + (<usize>index << 2))
}

/** Runs the program at [program, end) over `rows` rows in chunks; answers how many values were missing. */
export function run(program: usize, end: usize, rows: i32, chunk: i32): i32 {
  let missing = 0
  for (let row = 0; row < rows; row += chunk) {
    const count = min(chunk, rows - row)
    for (let at = program; at < end; at += <usize>word(at, 1) << 2) {
      missing += step(at, row, count)
    }
  }
  return missing
}

/** One operation on rows [row, row + count); input, counts and scores are addressed by row, the rest by row of the chunk. */
function step(at: usize, row: i32, count: i32): i32 {
  switch (word(at, 0)) {
    case SCALE:
      return scale(
        word(at, 2) + ((row * word(at, 3)) << 2), word(at, 3), count, word(at, 4), word(at, 5), word(at, 6), word(at, 7),
        word(at, 8), real(at, 9), word(at, 10) + (row << 2), word(at, 11)
      )
    case DENSE:
      dense(
        word(at, 2), word(at, 3), count, word(at, 4), word(at, 5), word(at, 6), word(at, 7), word(at, 8), word(at, 9),
        word(at, 10), real(at, 11), word(at, 12)
      )
      return 0
    case RESIDUAL:
      residual(word(at, 2), word(at, 3), word(at, 4), word(at, 5), word(at, 6), count, word(at, 7))
      return 0
    case SETTLE:
      settle(word(at, 2), word(at, 3), word(at, 4), word(at, 5), word(at, 6), count, word(at, 7))
      return 0
    case SQUARES:
      squares(word(at, 2), count, word(at, 3), word(at, 4) + (row << 2))
      return 0
    case WEIGHTED:
      weighted(
        word(at, 2), word(at, 3), word(at, 4), word(at, 5) + (row << 2), count, word(at, 6), word(at, 7) + (row << 2)
      )
      return 0
    case COPY:
      copy(word(at, 2), word(at, 3), count, word(at, 4))
      return 0
    case FILL:
      fill(word(at, 2), word(at, 3), word(at, 4), count, word(at, 5))
      return 0
    case ERROR:
      error(word(at, 2), word(at, 3), word(at, 4), count, word(at, 5), word(at, 6) + (row << 2))
      return 0
    case NEAREST:
      nearest(
        word(at, 2), word(at, 3), count, word(at, 4), word(at, 5), word(at, 6), word(at, 7), word(at, 8), word(at, 9),
        word(at, 10)
      )
      return 0
    case RECALL:
      recall(word(at, 2), word(at, 3), word(at, 4), word(at, 5), word(at, 6), count)
      return 0
    case DISTANCE:
      distance(word(at, 2), word(at, 3), word(at, 4), word(at, 5), word(at, 6), count, word(at, 7) + (row << 2))
      return 0
    case PROBE:
      probe(
        word(at, 2), word(at, 3), count, word(at, 4), word(at, 5), word(at, 6), word(at, 7), word(at, 8), word(at, 9),
        word(at, 10), word(at, 11)
      )
      return 0
    case HISTOGRAM:
      histogram(
        word(at, 2), word(at, 3), count, word(at, 4), word(at, 5), word(at, 6), word(at, 7), word(at, 8), real(at, 9),
        real(at, 10), real(at, 11), word(at, 12), word(at, 13) + (row << 2)
      )
      return 0
    case TRAIL:
      trail(
        word(at, 2), word(at, 3), count, word(at, 4), word(at, 5), word(at, 6), word(at, 7), word(at, 8), word(at, 9),
        real(at, 10), word(at, 11), word(at, 12), word(at, 13), word(at, 14) + (row << 2)
      )
      return 0
    case RANK:
      rank(
        word(at, 2), word(at, 3), count, word(at, 4), word(at, 5), word(at, 6), word(at, 7), word(at, 8), word(at, 9)
      )
      return 0
    case BEND:
      bend(word(at, 2), count, word(at, 3), word(at, 4), word(at, 5), word(at, 6), word(at, 7), word(at, 8))
      return 0
    case UNBEND:
      unbend(
        word(at, 2), count, word(at, 3), word(at, 4), word(at, 5), word(at, 6), real(at, 7), word(at, 8), word(at, 9)
      )
      return 0
    case CONVOLVE:
      convolve(
        word(at, 2), word(at, 3), word(at, 4), count, word(at, 5), word(at, 6), word(at, 7), word(at, 8), word(at, 9),
        word(at, 10), word(at, 11), word(at, 12), real(at, 13)
      )
      return 0
    case MOVE:
      move(
        word(at, 2), word(at, 3), word(at, 4), count, word(at, 5), word(at, 6), word(at, 7), word(at, 8), word(at, 9)
      )
      return 0
    case BOW:
      bow(word(at, 2), word(at, 3), count, word(at, 4), word(at, 5))
      return 0
    case SHARES:
      shares(word(at, 2), count, word(at, 3), word(at, 4), word(at, 5), word(at, 6), word(at, 7))
      return 0
    case RECUR:
      recur(
        word(at, 2), word(at, 3), word(at, 4), count, word(at, 5), word(at, 6), word(at, 7), word(at, 8), word(at, 9),
        word(at, 10), word(at, 11), word(at, 12), word(at, 13), word(at, 14), word(at, 15), word(at, 16), word(at, 17),
        word(at, 18), word(at, 19), word(at, 20)
      )
      return 0
    case DIVERGENCE:
      divergence(word(at, 2), word(at, 3), count, word(at, 4), word(at, 5), real(at, 6), word(at, 7) + (row << 2))
      return 0
    case ADD:
      add(word(at, 2), word(at, 3), word(at, 4), word(at, 5), count, word(at, 6))
      return 0
    case NORMALISE:
      normalise(
        word(at, 2), word(at, 3), count, word(at, 4), word(at, 5), word(at, 6), word(at, 7), word(at, 8), word(at, 9)
      )
      return 0
    case ATTEND:
      attend(
        word(at, 2), word(at, 3), count, word(at, 4), word(at, 5), word(at, 6), real(at, 7), word(at, 8), word(at, 9),
        word(at, 10)
      )
      return 0
    case LOSS:
      loss(word(at, 2), word(at, 3), word(at, 4), word(at, 5), count, word(at, 6), word(at, 7), word(at, 8))
      return 0
    case DERIVE:
      derive(word(at, 2), word(at, 3), count, word(at, 4), real(at, 5), word(at, 6))
      return 0
    case BACKWARD:
      backward(
        word(at, 2), word(at, 3), word(at, 4), word(at, 5), word(at, 6), word(at, 7), count, word(at, 8), word(at, 9)
      )
      return 0
    case TRANSPOSE:
      transpose(word(at, 2), word(at, 3), word(at, 4), word(at, 5))
      return 0
    case ADAM:
      adam(word(at, 2), word(at, 3), word(at, 4), word(at, 5), word(at, 6), real(at, 7), real(at, 8), real(at, 9))
      return 0
    default:
      unreachable()
      return 0
  }
}
