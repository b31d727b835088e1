// Members attention: a block of attention in a kernel's memory, and the operations that run it. It works in buffers of its
// own, step after step without gaps; products leave garbage in up to three steps behind the last, for which there is room.

import type { Arena } from './kernel/arena.ts'
import { ADD, ATTEND, CONVOLVE, MOVE, NORMALISE, operation, real } from './kernel/program.ts'
import type { Emit } from './members-sequence.ts'
import { packed } from './packing.ts'
import type { AttentionForm } from './sequence.ts'

const overrun = 3

export function placeAttention(
  arena: Arena,
  form: AttentionForm,
  tensors: readonly Float32Array[],
  rows: number,
): Emit {
  const { heads, hidden, input } = form
  const { steps, channels } = input
  const bytes = channels * 4
  /** From its own rows to those at `to`, by the weights and bias at `index` of the tensors. */
  const layer = (index: number, inputs: number, slope: number): ((from: Room, to: Room) => number[]) => {
    const outputs = tensors[index + 1]!.length
    const weights = arena.place(packed(tensors[index]!, inputs, outputs))
    const bias = arena.place(tensors[index + 1]!)
    const last = [inputs, weights, bias]
    return (from, to) =>
      operation(
        CONVOLVE,
        ...[from.at, from.row, inputs * 4, steps, ...last, to.at, to.row, outputs * 4, outputs / 8, real(slope)],
      )
  }
  const room = (values: number): Room => {
    const row = (steps + overrun) * values * 4
    return { at: arena.reserve((rows * row) / 4), row }
  }
  const [x, narrow, other, wide] = [
    room(channels),
    room(channels),
    room(channels),
    room(Math.max(3 * channels, hidden)),
  ]
  const [positions = 0, gain1 = 0, shift1 = 0] = tensors.slice(0, 3).map((tensor) => arena.place(tensor))
  const [gain2 = 0, shift2 = 0] = tensors.slice(7, 9).map((tensor) => arena.place(tensor))
  const [look, out, up, down] = [
    layer(3, channels, 1),
    layer(5, channels, 1),
    layer(9, channels, 0),
    layer(11, hidden, 1),
  ]
  const weights = arena.reserve(steps + overrun)
  const normal = (gain: number, shift: number): number[] =>
    operation(NORMALISE, x.at, x.row, steps, channels, gain, shift, narrow.at, narrow.row)
  const added = (b: number, bRow: number): number[] => operation(ADD, x.at, x.row, b, bRow, steps * bytes)
  const scale = real(1 / Math.sqrt(channels / heads))
  return (from, to) => [
    ...operation(MOVE, from.at, from.row, from.step, steps, bytes, x.at, x.row, bytes),
    ...added(positions, 0),
    ...normal(gain1, shift1),
    ...look(narrow, wide),
    ...operation(ATTEND, wide.at, wide.row, steps, channels, heads, scale, weights, narrow.at, narrow.row),
    ...out(narrow, other),
    ...added(other.at, other.row),
    ...normal(gain2, shift2),
    ...up(narrow, wide),
    ...down(wide, other),
    ...added(other.at, other.row),
    ...operation(MOVE, x.at, x.row, bytes, steps, bytes, to.at, to.row, to.step),
  ]
}

/** A buffer of rows, and the bytes from one to the next. */
interface Room {
  readonly at: number
  readonly row: number
}

/** 32-bit values of its weights and buffers. */
export function attentionValues({ input, hidden }: AttentionForm, rows: number): number {
  const { steps, channels } = input
  const buffers = rows * (steps + overrun) * (6 * channels + hidden)
  return buffers + channels * (steps + 4 * channels + 2 * hidden + 16) + hidden
}
