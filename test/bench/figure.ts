// Figure: one measured value beside its floor, and how a bench times both. Owns no state.
// Invariants
//   F1 a value and its floor are measured in turn, round by round, in one run and on the same records: what else the machine
//      does meets both, so that their ratio means something where the figures alone do not.
//   F2 of the rounds the least time counts: other processes and a cold engine only ever add.
//   F3 a budget says of what it is one (the value, its ratio to the floor, its excess over it) and whether it is met.

import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

export interface Budget {
  readonly of: 'value' | 'ratio' | 'excess'
  readonly kind: 'at-most' | 'at-least'
  readonly limit: number
}

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly floor: number
  readonly floorName: string
  /** Value ÷ floor. */
  readonly ratio: number
  /** Empty where none was set. */
  readonly budgets: readonly Budget[]
  readonly notMeasured: string
}

/** How much of everything: `quick` proves that the benches run, its figures are rough. */
export type Size = 'full' | 'quick'

export function figure(parts: Omit<Figure, 'ratio' | 'budgets'> & { readonly budgets?: readonly Budget[] }): Figure {
  return { ...parts, ratio: parts.value / parts.floor, budgets: parts.budgets ?? [] }
}

export function atMost(of: Budget['of'], limit: number): Budget {
  return { of, kind: 'at-most', limit }
}

export function atLeast(of: Budget['of'], limit: number): Budget {
  return { of, kind: 'at-least', limit }
}

export function met({ value, floor, ratio }: Figure, { of, kind, limit }: Budget): boolean {
  const found = { value, ratio, excess: value - floor }[of]
  return kind === 'at-most' ? found <= limit : found >= limit
}

/** Microseconds of something that only ascends. */
export type Clock = () => number

export function wallUs(): number {
  return performance.now() * 1000
}

/** Processor time of this process, its threads included: on a machine that others use too, wall time measures them. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

export function took(clock: Clock, act: () => void): number {
  const begin = clock()
  act()
  return clock() - begin
}

export interface Pair {
  readonly value: number
  readonly floor: number
}

type Round = () => number | Promise<number>

/** The least of what each answers, measured in turn; the first `warm` rounds do not count. */
export async function inTurn(rounds: number, warm: number, value: Round, floor: Round): Promise<Pair> {
  const values: number[] = []
  const floors: number[] = []
  for (let round = 0; round < warm + rounds; round++) {
    values.push(await value())
    floors.push(await floor())
  }
  return { value: least(values.slice(warm)), floor: least(floors.slice(warm)) }
}

export function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
}

/** The value below which a share of `values` lies; the next greater one where it lies between two. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** What a program of this folder prints as JSON, run in a process of its own. */
export async function apart<T>(program: string, args: readonly string[]): Promise<T> {
  const file = path.join(import.meta.dirname, program)
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', file, ...args])
  return JSON.parse(stdout)
}
