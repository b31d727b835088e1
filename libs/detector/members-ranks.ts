// Members ranks: what a member sees of a row's columns, in a kernel's memory (assembly/rank.ts).

import type { Arena } from './kernel/arena.ts'
import { operation, RANK } from './kernel/program.ts'
import type { PlacedLens } from './members-lens.ts'
import type { Ranks } from './model.ts'

/** 32-bit values of kernel memory. */
export function ranksValues(ranks: Ranks | undefined): number {
  return ranks === undefined ? 0 : ranks.at.length + ranks.seen.length + 16
}

export function placeRanks(arena: Arena, ranks: Ranks, width: number): PlacedLens {
  const { knots } = ranks
  const [at, seen] = [arena.place(ranks.at), arena.place(ranks.seen)]
  return {
    vectors: (Math.ceil(width / 8) * 8) / 4,
    // What is missing stays missing.
    place: (whole, kept) => ({ ...whole, z: kept.z }),
    see: (from, vectors, to) => operation(RANK, from.z, vectors * 16, width, knots, at, seen, from.masks, to.z),
  }
}
