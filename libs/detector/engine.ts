// Engine: a model laid out in a kernel's memory, with the programs that score and examine rows. Memory is planned once; a
// call allocates nothing.
// Invariants
//   E1 a row's score has the same bits whatever the batch size, its place in the batch and its neighbours.
//   E2 scores are finite and ≥ 0, whatever finite numbers or NaN a row holds.
//   E3 `input` is only read; examining or probing rows does not touch it.
// Missing values (NaN): a row that has some is scored again by a slower program. Per member they start as 0 (the scaled
// mean) and are filled in, by the reconstruction some times over or as members-settle.ts says; their residuals are set so
// that only what was observed counts.

import assert from 'node:assert/strict'
import { Failure } from '../core/failure.ts'
import { combine } from './combination.ts'
import { Arena } from './kernel/arena.ts'
import type { Kernel } from './kernel/kernel.ts'
import { kernelBytesMax, kernel as pickKernel } from './kernel/kernel.ts'
import { COPY, FILL, operation, type Program, real, SCALE } from './kernel/program.ts'
import { seenWidth } from './lens.ts'
import { type Buffers, type PlacedMember, placeMember } from './members.ts'
import { bendValues } from './members-bend.ts'
import { histogramValues } from './members-histogram.ts'
import { lensValues, type Place } from './members-lens.ts'
import { neighboursValues } from './members-neighbours.ts'
import { ranksValues } from './members-ranks.ts'
import { residuals, scoringValues } from './members-scoring.ts'
import { valuesOf } from './members-sequence.ts'
import type { DenseLayer, Member, Model } from './model.ts'

/** Rows of one call. */
export const rowsMax = 1024
/** Rows that go through the layers together; a multiple of 4. */
const chunkRows = 64
/** Rows of the side entrance for rows with missing values and for explanations. */
export const probeRows = 16
/** Times that missing values are filled in by the reconstruction before a row is scored, */
const fillRoundsScore = 4
/**
 * and before it is explained: rare, and with a few features masked at once each round comes only part of the way (in the
 * test with planted anomalies 2 rounds restore 86 of 100 values, 4 rounds 94, 8 rounds all).
 */
const fillRoundsExplain = 8
/** Times for other members where the linear one has filled them in before. */
const fillRoundsLed = 1

export interface Engine {
  readonly kernel: Kernel['name']
  readonly width: number
  /** rowsMax × width. */
  readonly input: Float32Array
  score(count: number, scores: Float32Array): void
  /** What each member said of the rows last scored: rowsMax each. */
  readonly memberScores: readonly Float32Array[]
  /** Where rows for `probe` and `examine` are written: probeRows × width. */
  readonly side: Float32Array
  /**
   * Scores of the first `count` rows of `side` into `scores`: for comparisons with each other. Missing values start as what
   * the linear member fills in, if there is one: that is quicker, and nearer to what they were, than `score` is. And what was
   * observed counts once: hiding a value never makes a row stranger for being fewer.
   */
  probe(count: number, scores: Float32Array): void
  /** Looks at the first row of `side`: after the call `views` hold it, a member each. */
  examine(): void
  readonly views: readonly View[]
}

/** One member's view of the row last examined, as it sees it, in scaled units; missing values are filled in. */
export interface View {
  readonly reconstructed: Float32Array
  /** r = z − ẑ − residual mean; where missing, 0 or what the other residuals say of it. */
  readonly residual: Float32Array
  /** The member's own score. */
  readonly score: Float32Array
}

interface Plan {
  readonly arena: Arena
  readonly input: number
  readonly side: number
  readonly counts: number
  /** Of each member. */
  readonly scores: readonly number[]
  readonly sideScores: readonly number[]
  readonly captures: readonly Capture[]
  readonly fast: Program
  readonly slow: Program
  readonly probing: Program
  readonly look: Program
}

interface Capture {
  readonly reconstructed: number
  readonly residual: number
  readonly score: number
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
  const combined = combine(model.combination)
  const results = planned.scores.map((at) => floats(at, rowsMax))
  const sideResults = planned.sideScores.map((at) => floats(at, probeRows))
  const counts = new Int32Array(kernel.memory, planned.counts, rowsMax)
  const waiting = new Int32Array(probeRows)

  const flush = (pending: number): void => {
    kernel.run(planned.slow, pending, probeRows)
    for (const [m, own] of sideResults.entries()) for (let i = 0; i < pending; i++) results[m]![waiting[i]!] = own[i]!
  }
  const again = (count: number): void => {
    let pending = 0
    for (let row = 0; row < count; row++) {
      if (counts[row] === 0) continue
      for (let i = 0; i < width; i++) side[pending * width + i] = input[row * width + i]!
      waiting[pending++] = row
      if (pending < probeRows) continue
      flush(pending)
      pending = 0
    }
    if (pending > 0) flush(pending)
  }
  return {
    kernel: kernel.name,
    width,
    input,
    score: (count, scores) => {
      assert.ok(count >= 0 && count <= rowsMax && count <= scores.length, `cannot score ${count} rows`)
      const missing = kernel.run(planned.fast, count, chunkRows)
      if (missing > 0) again(count)
      combined(count, results, scores)
    },
    memberScores: results,
    side,
    probe: (count, scores) => {
      assert.ok(count >= 0 && count <= probeRows && count <= scores.length, `cannot probe ${count} rows`)
      kernel.run(planned.probing, count, probeRows)
      combined(count, sideResults, scores)
    },
    examine: () => {
      kernel.run(planned.look, 1, probeRows)
    },
    views: planned.captures.map(({ reconstructed, residual, score }, m) => {
      const seen = widthOf(model.members[m]!, width)
      return {
        reconstructed: floats(reconstructed, seen),
        residual: floats(residual, seen),
        score: floats(score, 1),
      }
    }),
  }
}

/** Refuses a model that is too large before anything is laid out: narrow layers take up to eight times their weights. */
function checkSize({ width, members }: Model): void {
  const widest = Math.max(width, ...members.map((member) => widthOf(member, width)))
  let values = width * rowsMax + widest * 64 * chunkRows
  for (const member of members) {
    values += memberValues(member, width)
  }
  if (values * 4 <= kernelBytesMax) return
  const needed = `it needs ${values * 4} bytes of kernel memory; at most ${kernelBytesMax} are allowed`
  throw new Failure('artefact-invalid', `model: ${needed}`)
}

function memberValues(member: Member, width: number): number {
  switch (member.kind) {
    case 'dense': {
      const own =
        scoringValues(member.scoring, widthOf(member, width)) + lensValues(member.lens) + bendValues(member.bend)
      return member.layers.reduce((sum, layer) => sum + layerValues(layer), own)
    }
    case 'divergence':
      return [...member.layers, member.spread].reduce((sum, layer) => sum + layerValues(layer), width)
    case 'sequence':
      return member.layers.reduce(
        (sum, { form }) => sum + valuesOf(form, chunkRows),
        scoringValues(member.scoring, width),
      )
    case 'neighbours':
      return (
        neighboursValues(member, widthOf(member, width), chunkRows) +
        lensValues(member.lens) +
        ranksValues(member.ranks)
      )
    case 'histogram':
      return histogramValues(member, width) + bendValues(member.bend)
    default:
      return member satisfies never
  }
}

/** Columns that a member works on. */
function widthOf(member: Member, width: number): number {
  return 'lens' in member ? seenWidth(member, width) : width
}

function layerValues({ inputs, outputs }: DenseLayer): number {
  return (inputs + 1 + chunkRows) * (outputs + 7)
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
  const none = arena.reserve(probeRows)
  const scores = members.map(() => arena.reserve(rowsMax))
  const sideScores = members.map(() => arena.reserve(probeRows))
  const captures = members.map(({ lens }): Capture => {
    const seen = lens ? lens.vectors * 4 : stride
    return { reconstructed: arena.reserve(seen), residual: arena.reserve(seen), score: arena.reserve(probeRows) }
  })
  const seen = members.some(({ lens }) => lens) ? placeSeen(room, arena.reserve(rowsMax)) : null

  const mean = arena.place(scaler.mean, stride)
  const inverse = arena.place(scaler.inverseScale, stride)
  const valid = arena.place(new Int32Array(width).fill(-1), stride)
  const scale = (from: number, z: number, missing: number, mask: number): number[] =>
    operation(SCALE, from, width, z, vectors, mean, inverse, valid, real(scaler.clip), missing, mask)

  const fast = [...scale(input, buffers.z, counts, 0)]
  const slow = [...scale(side, scaled, sideCounts, masks)]
  const look = [...slow]
  const leader = members.findIndex(({ fill, lens }) => fill && (!lens || lens.back))
  const probing: number[][] = [slow.slice()]
  members.forEach((member, i) => {
    const whole = { z: scaled, masks, counts: sideCounts }
    const { own, place, see } = sightOf(member, buffers, whole, seen)
    const { counts: lost, masks: gone } = place
    fast.push(...see({ z: buffers.z, masks: 0, counts: 0 }, { z: own.z, masks: 0, counts: 0 }))
    fast.push(...member.score(own, { scores: scores[i]!, counts, masks: 0 }))
    slow.push(...see(whole, place), ...filled(member, own, place.z, gone, fillRoundsScore))
    slow.push(...member.score(own, { scores: sideScores[i]!, counts: lost, masks: gone }))
    const rounds = leader < 0 ? fillRoundsScore : fillRoundsLed
    const words = [...see(whole, place), ...filled(member, own, place.z, gone, rounds)]
    const leads = i === leader ? leading(member, own, whole, scaler.clip) : []
    words.push(...leads, ...member.score(own, { scores: sideScores[i]!, counts: none, masks: gone }))
    probing.splice(i === leader ? 1 : probing.length, 0, words)
    look.push(...see(whole, place), ...filled(member, own, place.z, gone, fillRoundsExplain))
    look.push(...member.score(own, { scores: captures[i]!.score, counts: lost, masks: gone }))
    look.push(
      ...member.reconstruct(own),
      ...residuals(member.residualMean, own, gone),
      ...(member.settle?.(own, gone) ?? []),
      ...capture(own, captures[i]!),
    )
  })
  const programs = {
    fast: arena.program(fast),
    slow: arena.program(slow),
    probing: arena.program(probing.flat()),
    look: arena.program(look),
  }
  return { arena, input, side, counts, scores, sideScores, captures, ...programs }
}

/** Where what members with a lens see lies: a work buffer, and a place that is kept while missing values are filled in. */
interface Seen {
  readonly z: number
  readonly place: Place
}

function placeSeen(room: () => number, counts: number): Seen {
  return { z: room(), place: { z: room(), masks: room(), counts } }
}

/** What a member works on: the rows themselves, or what its lens shows. */
function sightOf(
  { lens }: PlacedMember,
  buffers: Buffers,
  whole: Place,
  seen: Seen | null,
): { own: Buffers; place: Place; see: (from: Place, to: Place) => number[] } {
  if (!lens || seen === null) return { own: buffers, place: whole, see: () => [] }
  const { vectors } = buffers
  const own = { ...buffers, z: seen.z, vectors: lens.vectors }
  return { own, place: lens.place(whole, seen.place), see: (from, to) => lens.see(from, vectors, to) }
}

/** Sets what is missing in the scaled rows to what the member filled in. */
function leading({ lens }: PlacedMember, own: Buffers, whole: Place, clip: number): number[] {
  if (lens?.back) return lens.back(own.z, whole, clip)
  return operation(FILL, whole.z, own.z, whole.masks, own.vectors)
}

/** From the scaled rows to rows whose missing values were filled in so many times. */
function filled(member: PlacedMember, buffers: Buffers, scaled: number, masks: number, rounds: number): number[] {
  const { z, reconstructed, vectors } = buffers
  if (member.fill) return [...operation(COPY, scaled, z, vectors), ...member.fill(buffers, masks)]
  const round = [...member.reconstruct(buffers), ...operation(FILL, z, reconstructed, masks, vectors)]
  return [...operation(COPY, scaled, z, vectors), ...Array.from({ length: rounds }, () => round).flat()]
}

function capture(buffers: Buffers, target: Capture): number[] {
  return [
    ...operation(COPY, buffers.reconstructed, target.reconstructed, buffers.vectors),
    ...operation(COPY, buffers.residual, target.residual, buffers.vectors),
  ]
}
