// Members image: convolutions over images in a kernel's memory, as layers of members-sequence.ts. Along each axis an output
// reads as one over steps does; what the outputs of one line see that read alike is laid out as patches, and one product goes
// over them.
// Invariants
//   I1 lines are computed from the top, and in a line what reads alike of one phase in ascending order: the garbage that the
//      kernel leaves in up to three outputs behind the last is written over by what comes later (Q1).

import type { Arena } from './kernel/arena.ts'
import { BOW, CONVOLVE, MOVE, operation, real } from './kernel/program.ts'
import type { Emit, Place } from './members-sequence.ts'
import { packedSteps, padded, shape } from './packing.ts'
import { axesOf, flattened, type ImageForm, type Taps, tapsOf } from './sequence.ts'

/** Patches behind the last that the kernel may read. */
const overrun = 3
/** Words of an operation that lays out or goes over patches, at most. */
const wordsMax = 16

/** One line of outputs: the input lines that it reads, each by its line of the kernel. */
interface Line {
  readonly at: number
  readonly first: number
  readonly kernelLines: readonly number[]
}

export function placeImage(
  arena: Arena,
  form: ImageForm,
  [values = new Float32Array(0), bias = new Float32Array(0)]: readonly Float32Array[],
  inputChannels: number,
  rows: number,
): Emit {
  const channels = padded(form.output.channels)
  const biasAt = arena.place(bias, channels)
  const patchBytes = patchValues(form, inputChannels) * 4
  const patchesAt = arena.reserve((rows * patchBytes) / 4)
  const weightsOf = weightsIn(arena, form, values, inputChannels)
  const { slope, curve } = shape(form.activation)
  const { lines, groups } = readsOf(form)
  const placed = lines.flatMap((line) =>
    groups.map((group) => ({ line, group, weights: weightsOf(line.kernelLines, group.kernelSteps) })),
  )
  const [inputColumns, outputColumns] = [form.input.steps / form.inputLines, form.output.steps / form.outputLines]
  /** The part of a patch that lies in one input line, of all outputs of the group. */
  const laid = (from: Place, { first, kernelLines }: Line, group: Taps, patch: number): number[] => {
    const run = group.kernelSteps.length * from.step
    return kernelLines.flatMap((_, i) => {
      const at = from.at + ((first + i) * inputColumns + group.first) * from.step
      const moved = [group.advance * from.step, group.count, run]
      return operation(MOVE, at, from.row, ...moved, patchesAt + i * run, patchBytes, patch)
    })
  }
  return (from, to) => {
    const words = placed.flatMap(({ line, group, weights }) => {
      const k = line.kernelLines.length * group.kernelSteps.length * inputChannels
      const at = to.at + (line.at * outputColumns + group.at) * to.step
      const read = [patchesAt, patchBytes, k * 4, group.count, k, weights, biasAt]
      const written = [at, to.row, group.every * to.step, channels / 8, real(slope)]
      return [...laid(from, line, group, k * 4), ...operation(CONVOLVE, ...read, ...written)]
    })
    if (curve === 0) return words
    return [...words, ...operation(BOW, to.at, to.row, form.output.steps * to.step, curve)]
  }
}

/** Lines from the top, and the groups of columns of each. */
function readsOf(form: ImageForm): { readonly lines: readonly Line[]; readonly groups: readonly Taps[] } {
  const axes = axesOf(form)
  const lines = tapsOf(axes.lines).flatMap(({ at, every, count, first, advance, kernelSteps }) =>
    Array.from({ length: count }, (_, i) => ({
      at: at + i * every,
      first: first + i * advance,
      kernelLines: kernelSteps,
    })),
  )
  return { lines: lines.sort((a, b) => a.at - b.at), groups: tapsOf(axes.columns) }
}

/** Places the weights of a part of the kernel, each part once. */
function weightsIn(
  arena: Arena,
  form: ImageForm,
  weights: Float32Array,
  inputChannels: number,
): (lines: readonly number[], columns: readonly number[]) => number {
  const known = new Map<string, number>()
  return (lines, columns) => {
    const places = lines.flatMap((line) => columns.map((column) => line * form.kernel + column))
    const name = places.join()
    const at = known.get(name) ?? arena.place(packedSteps(flattened(form), weights, places, inputChannels))
    known.set(name, at)
    return at
  }
}

/** Of one row: the patches of one line. */
function patchValues(form: ImageForm, inputChannels: number): number {
  const columns = form.output.steps / form.outputLines
  return (columns + overrun) * form.kernel * form.kernel * inputChannels
}

/** 32-bit values that the layer takes of a kernel's memory beside its output, at most. */
export function imageValues(form: ImageForm, rows: number): number {
  const inputChannels = padded(form.input.channels)
  const { lines, groups } = readsOf(form)
  const parts = new Map(
    lines.flatMap(({ kernelLines }) =>
      groups.map(({ kernelSteps }) => [
        `${kernelLines.join()} ${kernelSteps.join()}`,
        kernelLines.length * kernelSteps.length,
      ]),
    ),
  )
  const places = Array.from(parts.values()).reduce((sum, size) => sum + size, 0)
  const weights = places * inputChannels * padded(form.output.channels) + 8 * parts.size
  const words = lines.length * groups.length * (form.kernel + 1) * wordsMax
  return rows * patchValues(form, inputChannels) + weights + words + 64
}
