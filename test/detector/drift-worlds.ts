// Drift worlds: seeded streams without drift, of the kinds that are met: independent rows, rows that follow each other, days
// with their course, bursts; each a history and then some more rows of the same.

import { Random } from '../../libs/core/random.ts'

export const worlds = ['independent', 'autocorrelated', 'daily', 'rare', 'slow'] as const
export type World = (typeof worlds)[number]

export interface Drawn {
  readonly rows: Float32Array
  readonly count: number
  readonly width: number
  readonly timesMs: Float64Array
}

const minuteMs = 60_000
const dayRows = 720

/** `count` rows of `width` columns, one in two minutes. */
export function draw(world: World, seed: number, count: number, width: number): Drawn {
  const rows = new Float32Array(count * width)
  for (let j = 0; j < width; j++) {
    const random = Random.derived(seed, `${world}/${j}`)
    const phase = random.uniform()
    let level = random.normal()
    for (let i = 0; i < count; i++) {
      const day = Math.sin(2 * Math.PI * (i / dayRows + phase))
      rows[i * width + j] = valueOf()
      function valueOf(): number {
        switch (world) {
          case 'independent':
            return random.normal()
          case 'autocorrelated':
            level = 0.95 * level + 0.31 * random.normal()
            return level
          case 'slow':
            level = 0.99 * level + 0.14 * random.normal()
            return level
          case 'daily':
            return 2 * day + random.normal()
          case 'rare':
            return random.uniform() < 0.05 ? 1 : 0
          default:
            return world satisfies never
        }
      }
    }
  }
  return { rows, count, width, timesMs: Float64Array.from({ length: count }, (_, i) => i * 2 * minuteMs) }
}

/** Rows [from, to) alone. */
export function part({ rows, width, timesMs }: Drawn, from: number, to: number): Drawn {
  return { rows: rows.slice(from * width, to * width), count: to - from, width, timesMs: timesMs.slice(from, to) }
}
