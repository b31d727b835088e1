// Members: the constants of each member in a kernel's memory, and the operations that run them. A member turns scaled rows
// into what it expects of them, and into a score of its own; combination.ts makes one score of these.

import type { Arena } from './kernel/arena.ts'
import { seenWidth } from './lens.ts'
import { placeBend } from './members-bend.ts'
import { placeDense } from './members-dense.ts'
import { placeDivergence } from './members-divergence.ts'
import { placeHistogram } from './members-histogram.ts'
import { type PlacedLens, placeLens } from './members-lens.ts'
import { placeNeighbours } from './members-neighbours.ts'
import { placeRanks } from './members-ranks.ts'
import { placeScoring } from './members-scoring.ts'
import { placeSequence } from './members-sequence.ts'
import { placeFill } from './members-settle.ts'
import type { Member } from './model.ts'

/** Positions of the work buffers that all members share, each with room for a chunk of rows. */
export interface Buffers {
  /** The scaled rows, or what a member sees of them. */
  readonly z: number
  readonly left: number
  readonly right: number
  readonly reconstructed: number
  readonly residual: number
  /** Stride of a scaled row in vectors. */
  readonly vectors: number
}

/** Where a member's scores go. */
export interface Target {
  readonly scores: number
  /** Missing values of each row. */
  readonly counts: number
  /** Masks of missing values, 0 if nothing is missing. */
  readonly masks: number
}

export interface PlacedMember {
  /** Operations from buffers.z to buffers.reconstructed. */
  readonly reconstruct: (buffers: Buffers) => number[]
  /** Operations from buffers.z to the member's scores. */
  readonly score: (buffers: Buffers, target: Target) => number[]
  /** Position of the mean residual of normal rows. */
  readonly residualMean: number
  /** Operations that fill in what is missing in buffers.z; without, the reconstruction does it in rounds. */
  readonly fill?: ((buffers: Buffers, masks: number) => number[]) | null
  /** Operations that give missing values the residuals they are scored with; without, those are their mean. */
  readonly settle?: ((buffers: Buffers, masks: number) => number[]) | null
  /** What it sees of rows, which the buffers then hold; without, the rows themselves. */
  readonly lens?: PlacedLens | null
  /** Columns that a work buffer needs. */
  readonly columnsMax: number
}

/** `rows` is how many go through the layers together. */
export function placeMember(arena: Arena, member: Member, width: number, rows: number): PlacedMember {
  const stride = Math.ceil(width / 8) * 8
  switch (member.kind) {
    case 'dense': {
      const seen = seenWidth(member, width)
      const { reconstruct, columnsMax } = placeDense(arena, member, Math.ceil(seen / 8) * 8)
      const { bend } = member
      const lens = bend === undefined ? placeLens(arena, member.lens, width) : placeBend(arena, bend, width)
      const scoring = placeScoring(arena, member.scoring, seen, reconstruct, placeFill(arena, member))
      return { ...scoring, reconstruct, columnsMax, lens }
    }
    case 'divergence':
      return placeDivergence(arena, member, width)
    case 'sequence': {
      const words = placeSequence(arena, member.layers, rows)
      const reconstruct = ({ z, reconstructed }: Buffers): number[] => words(z, reconstructed, stride * 4)
      return { ...placeScoring(arena, member.scoring, width, reconstruct), reconstruct, columnsMax: stride }
    }
    case 'neighbours':
      return {
        ...placeNeighbours(arena, member, seenWidth(member, width), rows),
        lens:
          member.ranks === undefined ? placeLens(arena, member.lens, width) : placeRanks(arena, member.ranks, width),
      }
    case 'histogram':
      return {
        ...placeHistogram(arena, member, width),
        lens: member.bend === undefined ? null : placeBend(arena, member.bend, width),
      }
    default:
      return member satisfies never
  }
}
