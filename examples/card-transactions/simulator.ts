// Simulator: the payments of a town's customers in the order of their times, without end; frauds among them, labelled
// beside the record, never in it.
// Invariants
//   S1 the seed and the numbers of customers and terminals decide everything; no clock, no randomness of the machine.
//   S2 times never fall; records are numbered from 0 in that order.
//   S3 memory holds one day of payments, however long the run.

import { Random } from '../../libs/core/random.ts'
import { type Customer, customer, DAY_MS, type Draft, type Fraud, usualDay } from './customer.ts'
import { episode } from './fraud.ts'
import type { Payment } from './payment.ts'
import { distanceKm, type Town, town } from './town.ts'

export interface CardOptions {
  readonly seed: number
  readonly customers?: number
  readonly terminals?: number
  /** The day of the first payments begins here, rounded down to midnight UTC. */
  readonly startMs?: number
  /** Episodes of fraud a customer suffers a day. */
  readonly fraudsPerDay?: number
  /** Days at the beginning without fraud: the first detector knows nothing yet by which to leave frauds out. */
  readonly honestDays?: number
  /** Records to pass over: the first that is given has this number. */
  readonly from?: number
}

export interface CardEvent {
  readonly record: Payment
  readonly fraud: Fraud | null
}

/** A Monday. */
export const cardStartMs = Date.UTC(2020, 0, 6)
const defaults = { customers: 300, terminals: 400, startMs: cardStartMs, fraudsPerDay: 0.002, honestDays: 30, from: 0 }

interface Entry {
  readonly who: Customer
  readonly draft: Draft
}

export function* cardTransactions(options: CardOptions): Generator<CardEvent, never> {
  const { seed, customers, terminals, startMs, fraudsPerDay, honestDays, from } = { ...defaults, ...options }
  const places = town(terminals, Random.derived(seed, 'town'))
  const people = Array.from({ length: customers }, (_, index) => customer(index, seed, places))
  const entries: Entry[] = []
  let number = 0
  const firstMs = Math.floor(startMs / DAY_MS) * DAY_MS
  for (let dayMs = firstMs; ; dayMs += DAY_MS) {
    const frauds = dayMs < firstMs + honestDays * DAY_MS ? 0 : fraudsPerDay
    for (const who of people) {
      for (const draft of dayOf(who, dayMs, places, frauds)) entries.push({ who, draft })
    }
    // Stable, so that payments of the same instant keep the order of the customers.
    entries.sort((a, b) => a.draft.timeMs - b.draft.timeMs)
    const ended = entries.findIndex(({ draft }) => draft.timeMs >= dayMs + DAY_MS)
    // What runs past midnight waits for the next day's payments.
    for (const { who, draft } of entries.splice(0, ended < 0 ? entries.length : ended)) {
      if (number >= from) yield { record: paymentOf(who, draft, number), fraud: draft.fraud }
      number++
    }
  }
}

function dayOf(who: Customer, dayMs: number, places: Town, fraudsPerDay: number): Draft[] {
  const drafts = usualDay(who, dayMs, places)
  if (who.random.uniform() < fraudsPerDay) drafts.push(...episode(who, dayMs, places))
  return drafts
}

function paymentOf(who: Customer, { timeMs, amount, terminal, channel }: Draft, number: number): Payment {
  return {
    tx_id: `tx${number}`,
    customer_id: who.id,
    terminal_id: terminal.id,
    tx_time: timeMs,
    amount,
    channel,
    distance_km: channel === 'online' ? 0 : Math.round(distanceKm(who.home, terminal) * 100) / 100,
    category: terminal.category,
  }
}
