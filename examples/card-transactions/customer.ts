// Customer: habits, drawn once, and the payments of one day that follow from them. Each customer draws from a generator of
// their own, so that one more customer changes nothing in the lives of the others.

import { exp, turn } from '../../libs/core/elementary.ts'
import { Random } from '../../libs/core/random.ts'
import type { Payment } from './payment.ts'
import { distanceKm, SIDE_KM, type Terminal, type Town } from './town.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
/** 1 January 1970 was a Thursday. */
const SATURDAY = 2
const TERMINALS_USUAL = 12
/** Between two payments of an honest customer, at least. */
const PAUSE_MS = 300_000
/** Share of payments at some other terminal of the town. */
const ELSEWHERE_SHARE = 0.04

export const frauds = ['unusual-amount', 'burst', 'new-place'] as const
export type Fraud = (typeof frauds)[number]

/** A payment before it has its number. */
export interface Draft {
  readonly timeMs: number
  readonly amount: number
  readonly terminal: Terminal
  readonly channel: Payment['channel']
  readonly fraud: Fraud | null
}

interface Habit {
  /** Hour of the day. */
  readonly hour: number
  readonly spreadHours: number
}

export interface Customer {
  readonly id: string
  readonly home: { readonly x: number; readonly y: number }
  readonly random: Random
  readonly paymentsPerDay: number
  /** Logarithm of the usual amount, and its spread. */
  readonly amountLog: number
  readonly amountSpread: number
  readonly habits: readonly Habit[]
  readonly onlineShare: number
  readonly contactlessShare: number
  readonly weekendFactor: number
  /** Nearest first. */
  readonly terminals: readonly Terminal[]
}

export function customer(index: number, seed: number, places: Town): Customer {
  const random = Random.derived(seed, `customer ${index}`)
  const home = { x: random.uniform() * SIDE_KM, y: random.uniform() * SIDE_KM }
  const byDistance = places.near.toSorted((a, b) => distanceKm(home, a) - distanceKm(home, b))
  return {
    id: `c${String(index).padStart(5, '0')}`,
    home,
    random,
    paymentsPerDay: 0.8 + 1.2 * random.exponential(),
    amountLog: 3.4 + 0.5 * random.normal(),
    amountSpread: 0.35 + 0.2 * random.uniform(),
    habits: [
      { hour: 8 + 2 * random.uniform(), spreadHours: 0.7 },
      { hour: 12 + 2 * random.uniform(), spreadHours: 1 },
      { hour: 17 + 3 * random.uniform(), spreadHours: 1.4 },
    ],
    onlineShare: 0.05 + 0.3 * random.uniform(),
    contactlessShare: 0.2 + 0.6 * random.uniform(),
    weekendFactor: 0.6 + 0.9 * random.uniform(),
    terminals: byDistance.slice(0, TERMINALS_USUAL),
  }
}

/** The honest payments of the day that begins at `dayMs`, in the order of their times. */
export function usualDay(who: Customer, dayMs: number, places: Town): Draft[] {
  const day = Math.floor(dayMs / DAY_MS)
  const weekend = day % 7 === SATURDAY || day % 7 === SATURDAY + 1
  const season = 1 + 0.15 * turn(day / 365.2425, 'cos')
  const expected = who.paymentsPerDay * season * (weekend ? who.weekendFactor : 1)
  const drafts: Draft[] = []
  for (let left = poisson(who.random, expected); left > 0; left--) drafts.push(usualPayment(who, dayMs, places))
  drafts.sort((a, b) => a.timeMs - b.timeMs)
  // Nobody is at the next till within minutes; coincidences of independent draws would say otherwise.
  let lastMs = Number.NEGATIVE_INFINITY
  return drafts.filter(({ timeMs }) => {
    if (timeMs - lastMs < PAUSE_MS) return false
    lastMs = timeMs
    return true
  })
}

function usualPayment(who: Customer, dayMs: number, places: Town): Draft {
  const { random } = who
  const habit = who.habits[random.integer(who.habits.length)]
  const hour = (habit?.hour ?? 12) + (habit?.spreadHours ?? 1) * random.normal()
  const terminal = usualTerminal(who, places)
  return {
    timeMs: dayMs + Math.floor(Math.min(23.999, Math.max(6, hour)) * HOUR_MS),
    amount: amountOf(who, terminal),
    terminal,
    channel: usualChannel(who),
    fraud: null,
  }
}

export function usualTerminal(who: Customer, places: Town): Terminal {
  const { random, terminals } = who
  const pool = random.uniform() < ELSEWHERE_SHARE ? places.near : terminals
  // The square of a uniform number prefers the first, which are the nearest.
  const at =
    pool === terminals ? Math.floor(random.uniform() * random.uniform() * pool.length) : random.integer(pool.length)
  const terminal = pool[at]
  if (terminal === undefined) throw new RangeError('a town needs terminals')
  return terminal
}

export function usualChannel(who: Customer): Payment['channel'] {
  if (who.random.uniform() < who.onlineShare) return 'online'
  return who.random.uniform() < who.contactlessShare ? 'contactless' : 'chip'
}

/** In the currency, to the cent. */
export function amountOf(who: Customer, terminal: Terminal): number {
  return cents(exp(who.amountLog + terminal.amountShift + who.amountSpread * who.random.normal()))
}

export function cents(amount: number): number {
  return Math.max(0.01, Math.round(amount * 100) / 100)
}

/** By multiplication of uniform numbers (Knuth), for small means. */
function poisson(random: Random, mean: number): number {
  const limit = exp(-mean)
  let count = 0
  for (let product = random.uniform(); product > limit; product *= random.uniform()) count++
  return count
}
