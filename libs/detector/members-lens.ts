// Members lens: what a member sees, in a kernel's memory (assembly/trail.ts).

import type { Arena } from './kernel/arena.ts'
import { operation, real, TRAIL } from './kernel/program.ts'
import { lensBlocks, lensWidth } from './lens.ts'
import type { Lens } from './model.ts'

/** Where windows lie, or what is seen of them; masks 0: nothing is missing. */
export interface Place {
  readonly z: number
  readonly masks: number
  /** Missing values of each row. */
  readonly counts: number
}

export interface PlacedLens {
  /** Stride of what is seen, in vectors. */
  readonly vectors: number
  /** Operations from windows, `vectors` apart, to what is seen of them. */
  /** Where what is seen lies, of rows at `whole`; `kept` is a place for it. */
  readonly place: (whole: Place, kept: Place) => Place
  readonly see: (from: Place, vectors: number, to: Place) => number[]
  /** Operations that set what is missing in rows to what is seen of it at `z`, within ±clip; without, there is no way back. */
  readonly back?: (z: number, to: Place, clip: number) => number[]
}

/** 32-bit values of kernel memory. */
export function lensValues(lens: Lens | undefined): number {
  return lens === undefined ? 0 : 3 * (lensWidth(lens) + 8)
}

export function placeLens(arena: Arena, lens: Lens | undefined, width: number): PlacedLens | null {
  if (lens === undefined) return null
  const { channels, spans, clip } = lens
  const stride = lensWidth(lens)
  const blocks = lensBlocks(lens)
  const lengths = Int32Array.from({ length: blocks }, (_, i) => spans[i] ?? spans.at(-1) ?? 1)
  const at = arena.place(lengths)
  const [center, inverse] = [arena.place(lens.center), arena.place(lens.inverse)]
  const shape = [width / channels, channels, at, blocks, center, inverse, real(clip)] as const
  return {
    vectors: stride / 4,
    place: (_, kept) => kept,
    see: (from, vectors, to) => operation(TRAIL, from.z, vectors * 16, ...shape, from.masks, to.z, to.masks, to.counts),
  }
}
