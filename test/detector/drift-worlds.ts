// Drift worlds: seeded streams without drift, of the kinds that are met: independent rows, rows that follow each other, days
// with their course, rare events.

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
    const next = course(world, Random.derived(seed, `${world}/${j}`))
    for (let i = 0; i < count; i++) rows[i * width + j] = next(i)
  }
  return { rows, count, width, timesMs: Float64Array.from({ length: count }, (_, i) => i * 2 * minuteMs) }
}

/** Values of one column, by their place. */
function course(world: World, random: Random): (place: number) => number {
  const phase = random.uniform()
  let level = random.normal()
  const following = (share: number): number => {
    level = share * level + Math.sqrt(1 - share * share) * random.normal()
    return level
  }
  switch (world) {
    case 'independent':
      return () => random.normal()
    case 'autocorrelated':
      return () => following(0.95)
    case 'slow':
      return () => following(0.99)
    case 'daily':
      return (place) => 2 * Math.sin(2 * Math.PI * (place / dayRows + phase)) + random.normal()
    case 'rare':
      return () => (random.uniform() < 0.05 ? 1 : 0)
    default:
      return world satisfies never
  }
}

/** Rows [from, to) alone. */
export function part({ rows, width, timesMs }: Drawn, from: number, to: number): Drawn {
  return { rows: rows.slice(from * width, to * width), count: to - from, width, timesMs: timesMs.slice(from, to) }
}
