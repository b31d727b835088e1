// Members bend: what a member sees of a row's columns, in a kernel's memory (assembly/bend.ts).

import type { Arena } from './kernel/arena.ts'
import { BEND, operation, real, UNBEND } from './kernel/program.ts'
import type { PlacedLens } from './members-lens.ts'
import type { Bend } from './model.ts'

/** 32-bit values of kernel memory. */
export function bendValues(bend: Bend | undefined): number {
  return bend === undefined ? 0 : 3 * (bend.center.length + 8)
}

export function placeBend(arena: Arena, { center, inverse, scale }: Bend, width: number): PlacedLens {
  const stride = Math.ceil(width / 8) * 8
  const tables = [arena.place(center, stride), arena.place(inverse, stride), arena.place(scale, stride)] as const
  return {
    vectors: stride / 4,
    // What is missing stays missing.
    place: (whole, kept) => ({ ...whole, z: kept.z }),
    see: (from, vectors, to) => operation(BEND, from.z, vectors, ...tables, from.masks, to.z),
    back: (z, { masks, z: to }, clip) => operation(UNBEND, z, stride / 4, ...tables, real(clip), masks, to),
  }
}
