// Town: where the terminals are. Most lie within a square around the customers' homes; a few are far away, where an honest
// customer of this bank hardly ever pays.

import { log } from '../../libs/core/elementary.ts'
import type { Random } from '../../libs/core/random.ts'

export const SIDE_KM = 60
const FAR_SHARE = 0.05
const FAR_KM_MIN = 300

/** What is sold, and how its amounts compare with the customer's own. */
export const categories = [
  { name: 'groceries', amountFactor: 1 },
  { name: 'restaurant', amountFactor: 0.8 },
  { name: 'fuel', amountFactor: 1.3 },
  { name: 'clothing', amountFactor: 1.6 },
  { name: 'transport', amountFactor: 0.4 },
] as const

export interface Terminal {
  readonly id: string
  readonly x: number
  readonly y: number
  readonly category: string
  /** Natural logarithm of the factor. */
  readonly amountShift: number
}

export interface Town {
  readonly near: readonly Terminal[]
  readonly far: readonly Terminal[]
}

export function town(terminals: number, random: Random): Town {
  const near: Terminal[] = []
  const far: Terminal[] = []
  const farCount = Math.max(5, Math.round(terminals * FAR_SHARE))
  for (let i = 0; i < terminals + farCount; i++) {
    const isFar = i >= terminals
    const category = categories[random.integer(categories.length)] ?? categories[0]
    const away = isFar ? FAR_KM_MIN + random.uniform() * 1_500 : 0
    const place = { x: random.uniform() * SIDE_KM + away, y: random.uniform() * SIDE_KM }
    const id = `t${String(i).padStart(5, '0')}`
    const terminal = { id, ...place, category: category.name, amountShift: log(category.amountFactor) }
    if (isFar) far.push(terminal)
    else near.push(terminal)
  }
  return { near, far }
}

export function distanceKm(a: { x: number; y: number }, b: { x: number; y: number }): number {
  return Math.sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y))
}
