// Shape: of a stream's rows, what the detector's side asks for by name.

import type { Stream } from '../../libs/stream/stream.ts'

export interface Shape {
  readonly width: number
  /** For each column, the index of its feature in `names`. */
  readonly groups: Int32Array
  readonly names: readonly string[]
}

export function shapeOf({ width, groups, layout }: Stream): Shape {
  return { width, groups, names: layout.map((entry) => entry.spec.name) }
}
