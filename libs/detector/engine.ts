// Engine: a model laid out in a kernel's memory, with the programs that score and examine rows. Memory is planned once; a
// call allocates nothing.
// Invariants
//   E1 a row's score has the same bits whatever the batch size, its place in the batch and its neighbours.
//   E2 scores are finite and ≥ 0, whatever finite numbers or NaN a row holds.
//   E3 `input` is only read; examining or probing rows does not touch it.
// Missing values (NaN): a row that has some is scored again by a slower program. Per member they start as 0 (the scaled
// mean), the reconstruction fills them in, twice, and their residual is set to its mean: only what was observed counts.

import assert from 'node:assert/strict'
import { Failure } from '../core/failure.ts'
import { Arena } from './kernel/arena.ts'
import type { Kernel } from './kernel/kernel.ts'
import { kernelBytesMax, kernel as pickKernel } from './kernel/kernel.ts'
import { COPY, FILL, operation, type Program, real, SCALE } from './kernel/program.ts'
import { type Buffers, type PlacedMember, placeMember, residuals, scoring } from './members.ts'
import { neighboursValues } from './members-neighbours.ts'
import { valuesOf } from './members-sequence.ts'
import type { Member, Model } from './model.ts'

/** Rows of one call. */
export const rowsMax = 1024
/** Rows that go through the layers together; a multiple of 4. */
const chunkRows = 64
/** Scores that are copied one by one below it: a view costs as much as some dozens of them. */
const copiedMin = 48
/** Rows of the side entrance for rows with missing values and for explanations. */
export const probeRows = 16
/** Times that missing values are filled in by the reconstruction before a row is scored, */
const fillRoundsScore = 2
/**
 * and before it is explained: rare, and with a few features masked at once each round comes only part of the way (in the
 * test with planted anomalies 2 rounds restore 86 of 100 values, 4 rounds 94, 8 rounds all).
 */
const fillRoundsExplain = 8

export interface Engine {
  readonly kernel: Kernel['name']
  readonly width: number
  /** rowsMax × width. */
  readonly input: Float32Array
  score(count: number, scores: Float32Array): void
  /** Where rows for `probe` and `examine` are written: probeRows × width. */
  readonly side: Float32Array
  /** Scores of the first `count` rows of `side` into `scores`. */
  probe(count: number, scores: Float32Array): void
  /** Looks at the first row of `side`: after the call `views` hold it, a member each. */
  examine(): void
  readonly views: readonly View[]
}

/** One member's view of the row last examined, in scaled units; missing values are filled in. */
export interface View {
  readonly reconstructed: Float32Array
  /** r = z − ẑ − residual mean; 0 where missing. */
  readonly residual: Float32Array
}

interface Plan {
  readonly arena: Arena
  readonly input: number
  readonly side: number
  readonly counts: number
  readonly scores: number
  readonly sideScores: number
  readonly captures: readonly { readonly reconstructed: number; readonly residual: number }[]
  readonly fast: Program
  readonly slow: Program
  readonly look: Program
}

export function engine(model: Model, make: (bytes: number) => Kernel = pickKernel): Engine {
  const { width } = model
  checkSize(model)
  const planned = plan(model)
  const kernel = make(planned.arena.bytes)
  planned.arena.furnish(kernel.memory)
  const floats = (at: number, length: number): Float32Array => new Float32Array(kernel.memory, at, length)
  const input = floats(planned.input, rowsMax * width)
  const side = floats(planned.side, probeRows * width)
  const results = floats(planned.scores, rowsMax)
  const sideResults = floats(planned.sideScores, probeRows)
  const counts = new Int32Array(kernel.memory, planned.counts, rowsMax)
  const waiting = new Int32Array(probeRows)

  const flush = (pending: number, scores: Float32Array): void => {
    kernel.run(planned.slow, pending, probeRows)
    for (let i = 0; i < pending; i++) scores[waiting[i]!] = sideResults[i]!
  }
  const again = (count: number, scores: Float32Array): void => {
    let pending = 0
    for (let row = 0; row < count; row++) {
      if (counts[row] === 0) continue
      for (let i = 0; i < width; i++) side[pending * width + i] = input[row * width + i]!
      waiting[pending++] = row
      if (pending < probeRows) continue
      flush(pending, scores)
      pending = 0
    }
    if (pending > 0) flush(pending, scores)
  }
  return {
    kernel: kernel.name,
    width,
    input,
    score: (count, scores) => {
      assert.ok(count >= 0 && count <= rowsMax && count <= scores.length, `cannot score ${count} rows`)
      const missing = kernel.run(planned.fast, count, chunkRows)
      if (count < copiedMin) for (let row = 0; row < count; row++) scores[row] = results[row]!
      else scores.set(count < rowsMax ? results.subarray(0, count) : results)
      if (missing > 0) again(count, scores)
    },
    side,
    probe: (count, scores) => {
      assert.ok(count >= 0 && count <= probeRows && count <= scores.length, `cannot probe ${count} rows`)
      kernel.run(planned.slow, count, probeRows)
      for (let row = 0; row < count; row++) scores[row] = sideResults[row]!
    },
    examine: () => {
      kernel.run(planned.look, 1, probeRows)
    },
    views: planned.captures.map(({ reconstructed, residual }) => ({
      reconstructed: floats(reconstructed, width),
      residual: floats(residual, width),
    })),
  }
}

/** Refuses a model that is too large before anything is laid out: narrow layers take up to eight times their weights. */
function checkSize({ width, members }: Model): void {
  let values = width * (rowsMax + 64 * chunkRows)
  for (const member of members) {
    values += contentValues(member, width)
    if (member.scoring.kind === 'mahalanobis') values += width * (width + 7)
  }
  if (values * 4 <= kernelBytesMax) return
  const needed = `it needs ${values * 4} bytes of kernel memory; at most ${kernelBytesMax} are allowed`
  throw new Failure('artefact-invalid', `model: ${needed}`)
}

function contentValues(member: Member, width: number): number {
  switch (member.kind) {
    case 'dense':
      return member.layers.reduce((sum, { inputs, outputs }) => sum + (inputs + 1 + chunkRows) * (outputs + 7), 0)
    case 'sequence':
      return member.layers.reduce((sum, { form }) => sum + valuesOf(form, chunkRows), 0)
    case 'neighbours':
      return neighboursValues(member, width, chunkRows)
    default:
      return member satisfies never
  }
}

/** Memory and programs for a model. */
function plan(model: Model): Plan {
  const { width, scaler } = model
  const arena = new Arena()
  const stride = Math.ceil(width / 8) * 8
  const vectors = stride / 4
  const members = model.members.map((member) => placeMember(arena, member, width, chunkRows))
  const columns = Math.max(stride, ...members.map((member) => member.columnsMax))
  const room = (): number => arena.reserve(chunkRows * columns)
  const buffers: Buffers = { z: room(), left: room(), right: room(), reconstructed: room(), residual: room(), vectors }
  const scaled = room()
  const masks = room()
  const input = arena.reserve(rowsMax * width + 8)
  const side = arena.reserve(probeRows * width + 8)
  const counts = arena.reserve(rowsMax)
  const sideCounts = arena.reserve(probeRows)
  const scores = arena.reserve(rowsMax)
  const sideScores = arena.reserve(probeRows)
  const captures = members.map(() => ({ reconstructed: arena.reserve(stride), residual: arena.reserve(stride) }))

  const mean = arena.place(scaler.mean, stride)
  const inverse = arena.place(scaler.inverseScale, stride)
  const valid = arena.place(new Int32Array(width).fill(-1), stride)
  const scale = (from: number, z: number, missing: number, mask: number): number[] =>
    operation(SCALE, from, width, z, vectors, mean, inverse, valid, real(scaler.clip), missing, mask)

  const fast = [...scale(input, buffers.z, counts, 0)]
  const slow = [...scale(side, scaled, sideCounts, masks)]
  const look = [...slow]
  members.forEach((member, i) => {
    const turn = { index: i, of: members.length }
    fast.push(...member.before(buffers), ...scoring(member, buffers, { ...turn, scores, counts, masks: 0 }))
    slow.push(...filled(member, buffers, scaled, masks, fillRoundsScore))
    slow.push(...scoring(member, buffers, { ...turn, scores: sideScores, counts: sideCounts, masks }))
    look.push(...filled(member, buffers, scaled, masks, fillRoundsExplain))
    look.push(...residuals(member, buffers, masks), ...capture(buffers, captures[i]!))
  })
  const programs = { fast: arena.program(fast), slow: arena.program(slow), look: arena.program(look) }
  return { arena, input, side, counts, scores, sideScores, captures, ...programs }
}

/** From the scaled rows to a reconstruction of rows whose missing values were filled in so many times. */
function filled(member: PlacedMember, buffers: Buffers, scaled: number, masks: number, rounds: number): number[] {
  const { z, reconstructed, vectors } = buffers
  const reconstruct = member.layers(buffers)
  const round = [...reconstruct, ...operation(FILL, z, reconstructed, masks, vectors)]
  return [...operation(COPY, scaled, z, vectors), ...Array.from({ length: rounds }, () => round).flat(), ...reconstruct]
}

function capture(buffers: Buffers, target: { readonly reconstructed: number; readonly residual: number }): number[] {
  return [
    ...operation(COPY, buffers.reconstructed, target.reconstructed, buffers.vectors),
    ...operation(COPY, buffers.residual, target.residual, buffers.vectors),
  ]
}
