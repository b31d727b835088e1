// Worlds: simulated streams for measuring the gate, each with a hidden order that a detector can learn: bent mixtures of a
// few causes, sensors that follow cycles, a machine of several states, counts with heavy tails, and windows of a signal.
// Invariants
//   W1 the same kind and seed give the same world, and of it the same time gives the same rows.
//   W2 `twist` moves how the columns hang together and nothing else; at 0 it is the world itself. `stretch` drives the
//      hidden causes further than they ever went, while the columns still hang together.

import { Random } from '../../libs/core/random.ts'

export const worldKinds = ['bent', 'cyclic', 'states', 'counts', 'windows'] as const
export type WorldKind = (typeof worldKinds)[number]

export interface Weather {
  readonly twist?: number
  readonly stretch?: number
}

export interface World {
  readonly kind: WorldKind
  readonly seed: number
  readonly width: number
  readonly steps: number
  readonly groups: Int32Array
  /** `count` rows of an era; eras have nothing in common but the world. */
  rows(era: string, count: number, weather?: Weather): Float32Array
}

const causes = 3
const windowSteps = 4

export function world(kind: WorldKind, seed: number): World {
  const random = Random.derived(seed, kind)
  const steps = kind === 'windows' ? windowSteps : 1
  const features = kind === 'windows' ? 2 : 6 + random.integer(5)
  const groups = Int32Array.from({ length: features * steps }, (_, j) => j % features)
  const calm = random.uniform() < 0.5 ? 0 : 0.5 + 0.45 * random.uniform()
  const columns = Array.from({ length: features }, () => columnOf(random))
  const turned = Array.from({ length: features }, () => columnOf(random))
  return {
    kind,
    seed,
    width: features * steps,
    steps,
    groups,
    rows: (era, count, { twist = 0, stretch = 1 } = {}) => {
      const own = Random.derived(seed, `${kind} ${era}`)
      const between = columns.map((column, j) => towards(column, turned[j] ?? column, twist))
      const signal = { kind, columns: between, calm: steps > 1 ? 0.9 : calm, stretch, random: own }
      if (steps === 1) return signalOf(signal, count)
      return slid(signalOf(signal, count + steps - 1), count, features)
    },
  }
}

/** How one column follows the hidden causes. */
interface Column {
  readonly straight: readonly number[]
  readonly bend: readonly number[]
  /** Of each state of the machine. */
  readonly places: readonly number[]
  readonly noise: number
  readonly phase: number
}

function columnOf(random: Random): Column {
  const draw = (): number[] => Array.from({ length: causes }, () => random.normal())
  const [straight, bend, places] = [draw(), draw(), draw().map((place) => 3 * place)]
  return { straight, bend, places, noise: 0.1 + 0.3 * random.uniform(), phase: 2 * Math.PI * random.uniform() }
}

function towards(from: Column, to: Column, share: number): Column {
  const mix = (a: readonly number[], b: readonly number[]): number[] =>
    a.map((value, c) => Math.sqrt(1 - share * share) * value + share * (b[c] ?? 0))
  const phase = from.phase + share * (to.phase - from.phase)
  return { ...from, straight: mix(from.straight, to.straight), bend: mix(from.bend, to.bend), phase }
}

interface Signal {
  readonly kind: WorldKind
  readonly columns: readonly Column[]
  /** How much of each cause stays from one row to the next. */
  readonly calm: number
  readonly stretch: number
  readonly random: Random
}

function signalOf({ kind, columns, calm, stretch, random }: Signal, count: number): Float32Array {
  const out = new Float32Array(count * columns.length)
  const hidden = Array.from({ length: causes }, () => random.normal())
  let turn = 2 * Math.PI * random.uniform()
  let state = random.integer(causes)
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < causes; c++) hidden[c] = calm * (hidden[c] ?? 0) + Math.sqrt(1 - calm * calm) * random.normal()
    turn += 0.1 + 0.02 * random.normal()
    if (random.uniform() < 0.1) state = random.integer(causes)
    const driven = hidden.map((cause) => stretch * cause)
    for (const [j, column] of columns.entries())
      out[i * columns.length + j] = readingOf(kind, column, { driven, turn, state, stretch }, random)
  }
  return out
}

interface Moment {
  readonly driven: readonly number[]
  readonly turn: number
  readonly state: number
  readonly stretch: number
}

function readingOf(kind: WorldKind, column: Column, { driven, turn, state, stretch }: Moment, random: Random): number {
  const along = dot(column.straight, driven)
  const noise = column.noise * random.normal()
  switch (kind) {
    case 'bent':
      return along + 1.5 * Math.tanh(2 * dot(column.bend, driven)) + 0.3 * (driven[0] ?? 0) ** 2 + noise
    case 'cyclic':
    case 'windows':
      return 2 * stretch * Math.sin(turn + column.phase) + Math.sin(2 * turn) + 0.3 * along + noise
    case 'states':
      return (column.places[state] ?? 0) + 0.5 * (state === 0 ? along : dot(column.bend, driven)) + noise
    case 'counts':
      return Math.round(20 * Math.exp(0.4 * along + noise) * (0.5 + 0.5 * random.exponential()) ** 0.3)
    default:
      return kind satisfies never
  }
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, c) => sum + value * (b[c] ?? 0), 0)
}

function slid(signal: Float32Array, count: number, features: number): Float32Array {
  const width = features * windowSteps
  const out = new Float32Array(count * width)
  for (let i = 0; i < count; i++) out.set(signal.subarray(i * features, i * features + width), i * width)
  return out
}
