// Fraud: what a stolen card is used for. Each pattern stands out against the history of the very customer, and hardly
// against that of all: an amount that others spend, at an hour at which others are awake, in a place where others live.

import { exp } from '../../libs/core/elementary.ts'
import {
  amountOf,
  type Customer,
  cents,
  type Draft,
  type Fraud,
  frauds,
  HOUR_MS,
  usualChannel,
  usualTerminal,
} from './customer.ts'
import type { Terminal, Town } from './town.ts'

const MINUTE_MS = 60_000

/** The payments of one episode that begins within the day, in the order of their times. */
export function episode(who: Customer, dayMs: number, places: Town): Draft[] {
  const kind: Fraud = frauds[who.random.integer(frauds.length)] ?? 'burst'
  switch (kind) {
    case 'unusual-amount':
      return unusualAmount(who, dayMs, places)
    case 'burst':
      return burst(who, dayMs, places)
    case 'new-place':
      return newPlace(who, dayMs, places)
    default:
      return kind satisfies never
  }
}

/** One or two payments of ten to thirty times the usual amount, at usual places and hours. */
function unusualAmount(who: Customer, dayMs: number, places: Town): Draft[] {
  const { random } = who
  const drafts: Draft[] = []
  let timeMs = dayMs + Math.floor((9 + 10 * random.uniform()) * HOUR_MS)
  for (let left = 1 + random.integer(2); left > 0; left--) {
    const terminal = usualTerminal(who, places)
    const amount = cents(exp(who.amountLog) * (10 + 20 * random.uniform()))
    drafts.push({ timeMs, amount, terminal, channel: usualChannel(who), fraud: 'unusual-amount' })
    timeMs += Math.floor((20 + 60 * random.uniform()) * MINUTE_MS)
  }
  return drafts
}

/** Eight to fifteen payments of a few coins within minutes: somebody tries whether the card works. */
function burst(who: Customer, dayMs: number, places: Town): Draft[] {
  const { random } = who
  const drafts: Draft[] = []
  const terminal = oneOf(places.near, random.integer(places.near.length))
  let timeMs = dayMs + Math.floor((8 + 13 * random.uniform()) * HOUR_MS)
  for (let left = 8 + random.integer(8); left > 0; left--) {
    drafts.push({ timeMs, amount: cents(0.5 + 2.5 * random.uniform()), terminal, channel: 'online', fraud: 'burst' })
    timeMs += Math.floor((20 + 70 * random.uniform()) * 1_000)
  }
  return drafts
}

/** Three to six payments of usual size in a far place, while the customer sleeps. */
function newPlace(who: Customer, dayMs: number, places: Town): Draft[] {
  const { random } = who
  const drafts: Draft[] = []
  let timeMs = dayMs + Math.floor((1 + 3 * random.uniform()) * HOUR_MS)
  for (let left = 3 + random.integer(4); left > 0; left--) {
    const terminal = oneOf(places.far, random.integer(places.far.length))
    drafts.push({ timeMs, amount: amountOf(who, terminal), terminal, channel: 'chip', fraud: 'new-place' })
    timeMs += Math.floor((10 + 30 * random.uniform()) * MINUTE_MS)
  }
  return drafts
}

function oneOf(terminals: readonly Terminal[], index: number): Terminal {
  const terminal = terminals[index]
  if (terminal === undefined) throw new RangeError('a town needs terminals')
  return terminal
}
