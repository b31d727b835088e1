// Layers of memory cells over the steps of a window: a product a step over all rows, then what the gates do. A row of `seen`
// is the cells' last output, then the step that they read: what the weights are of.

import { curve, SIGMOID, TANH } from './activation'
import { dense } from './dense'

const LSTM: i32 = 0

/**
 * From zeros, `steps` steps whose inputs lie `fromStep` bytes apart; the output of each goes `toStep` bytes further. Both
 * may be 0 (always the same place) or negative (backwards). `units` is a multiple of 8. The second pair of weights and bias
 * and `fresh` are of the candidate, which only the gated unit (GRU) has apart. All buffers have room for a multiple of 4 rows.
 */
export function recur(
  from: usize, fromRow: usize, fromStep: usize, rows: i32, steps: i32, inputs: i32, units: i32, cell: i32,
  packed: usize, bias: usize, packedFresh: usize, biasFresh: usize, seen: usize, seenRow: usize, gates: usize,
  fresh: usize, state: usize, to: usize, toRow: usize, toStep: usize
): void {
  const bytes = <usize>units << 2
  memory.fill(seen, 0, <usize>rows * seenRow)
  memory.fill(state, 0, <usize>rows * bytes)
  for (let step = 0; step < steps; step++, from += fromStep, to += toStep) {
    for (let row = 0; row < rows; row++) {
      memory.copy(seen + <usize>row * seenRow + bytes, from + <usize>row * fromRow, <usize>inputs << 2)
    }
    if (cell == LSTM) {
      dense(seen, seenRow, rows, units + inputs, 0, packed, bias, gates, bytes << 2, units >> 1, 1, 0)
      for (let row = 0; row < rows; row++) {
        remember(gates + <usize>row * (bytes << 2), state + <usize>row * bytes, seen + <usize>row * seenRow, bytes)
      }
    } else {
      dense(seen, seenRow, rows, units + inputs, 0, packed, bias, gates, bytes << 1, units >> 2, 1, SIGMOID)
      for (let row = 0; row < rows; row++) {
        forget(gates + <usize>row * (bytes << 1) + bytes, state + <usize>row * bytes, seen + <usize>row * seenRow, bytes)
      }
      dense(seen, seenRow, rows, units + inputs, 0, packedFresh, biasFresh, fresh, bytes, units >> 3, 1, TANH)
      for (let row = 0; row < rows; row++) {
        renew(
          gates + <usize>row * (bytes << 1), fresh + <usize>row * bytes, state + <usize>row * bytes,
          seen + <usize>row * seenRow, bytes
        )
      }
    }
    for (let row = 0; row < rows; row++) memory.copy(to + <usize>row * toRow, seen + <usize>row * seenRow, bytes)
  }
}

/** LSTM, gates input, forget, candidate, output: state = f·state + i·g, out = o·tanh(state). */
function remember(gates: usize, state: usize, out: usize, bytes: usize): void {
  const fresh = gates + (bytes << 1)
  const exit = fresh + bytes
  curve(SIGMOID, gates, bytes << 1)
  curve(TANH, fresh, bytes)
  curve(SIGMOID, exit, bytes)
  for (let at: usize = 0; at < bytes; at += 16) {
    const kept = f32x4.mul(v128.load(gates + bytes + at), v128.load(state + at))
    const memory = f32x4.add(kept, f32x4.mul(v128.load(gates + at), v128.load(fresh + at)))
    v128.store(state + at, memory)
    v128.store(out + at, memory)
  }
  curve(TANH, out, bytes)
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(out + at, f32x4.mul(v128.load(out + at), v128.load(exit + at)))
  }
}

/** GRU: what the reset leaves of the state, for the candidate. */
function forget(reset: usize, state: usize, seen: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(seen + at, f32x4.mul(v128.load(reset + at), v128.load(state + at)))
  }
}

/** GRU: state = out = z·state + (1 − z)·candidate. */
function renew(update: usize, fresh: usize, state: usize, out: usize, bytes: usize): void {
  const one = f32x4.splat(1)
  for (let at: usize = 0; at < bytes; at += 16) {
    const z = v128.load(update + at)
    const kept = f32x4.mul(z, v128.load(state + at))
    const next = f32x4.add(kept, f32x4.mul(f32x4.sub(one, z), v128.load(fresh + at)))
    v128.store(state + at, next)
    v128.store(out + at, next)
  }
}
