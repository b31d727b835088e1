// Glyphs: how the ten digits are written, as paths of points in a box from (0, 0) at the upper left to (1, 1).

import { turn } from '../../libs/core/elementary.ts'

/** x and y of the points, in turn. */
export type Stroke = readonly number[]

const arcPoints = 16

/** Along an ellipse, from one fraction of a turn to another: 0 is right, ¼ below, ½ left, ¾ above. */
function arc(x: number, y: number, wide: number, high: number, from: number, to: number): Stroke {
  return Array.from({ length: arcPoints + 1 }, (_, i) => {
    const at = from + ((to - from) * i) / arcPoints
    return [x + wide * turn(at, 'cos'), y + high * turn(at, 'sin')]
  }).flat()
}

export const glyphs: readonly (readonly Stroke[])[] = [
  [arc(0.5, 0.5, 0.34, 0.46, 0, 1)],
  [[0.32, 0.25, 0.55, 0.04, 0.55, 0.96]],
  [[...arc(0.5, 0.3, 0.31, 0.26, 0.5, 1.1), 0.18, 0.95, 0.84, 0.95]],
  [arc(0.46, 0.27, 0.3, 0.23, 0.55, 1.25), arc(0.46, 0.72, 0.34, 0.24, 0.75, 1.45)],
  [[0.64, 0.96, 0.64, 0.04, 0.14, 0.66, 0.88, 0.66]],
  [[0.8, 0.05, 0.3, 0.05, 0.24, 0.46, ...arc(0.46, 0.67, 0.33, 0.28, 0.65, 1.42)]],
  [[...arc(0.78, 0.68, 0.56, 0.64, 0.72, 0.5), ...arc(0.5, 0.7, 0.28, 0.26, 0.5, 1.5)]],
  [[0.14, 0.06, 0.84, 0.06, 0.4, 0.96]],
  [arc(0.5, 0.26, 0.25, 0.21, 0.25, 1.25), arc(0.5, 0.72, 0.31, 0.25, 0.75, 1.75)],
  [[...arc(0.5, 0.3, 0.28, 0.26, 0, 1), 0.74, 0.62, 0.56, 0.96]],
]
