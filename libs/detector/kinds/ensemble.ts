// Ensemble: members that see different things, of which the loudest leads (combination.ts): remembered rows, each column's
// histogram, as it is and bent, a contractive network, and the linear member, on columns as they are and bent: bent, long
// tails do not drown the rest; as they are, columns that hang together exactly are known exactly. Which there are, and how
// much each is heard, is the setting's. What settings are worth is in docs/quality.md. Rows that are windows have members of
// their own (windows.ts), and so has a row that is given as how unusual it is (given.ts).

import { Random } from '../../core/random.ts'
import type { DetectorSetting } from '../../stream/spec.ts'
import type { HistogramMember, Member } from '../model.ts'
import { scoresOf } from '../scores.ts'
import { surprising } from '../surprise.ts'
import { alone } from './alone.ts'
import { bentMember, bentRows } from './bent.ts'
import { contracting, contractingQuickly } from './contractive.ts'
import { given } from './given.ts'
import { bentHistogramMember, histogramMember, loudestMember } from './histogram.ts'
import { type Fitted, type Kind, type TrainingRows, thinnedTo } from './kind.ts'
import { linearMember } from './linear.ts'
import { neighboursMember, scoresWithoutSelf } from './neighbours.ts'
import { type Design, network } from './network.ts'
import { rankedMember } from './ranked.ts'
import { usualRows } from './usual.ts'
import { windows } from './windows.ts'

interface Recipe {
  readonly sharpness: number
  /** Of more rows every k-th is learned from. */
  readonly rowsMax: number
  /** Of the members that there are. */
  readonly weights: {
    readonly neighbours?: number
    readonly ranked?: number
    readonly histogram: number
    readonly loudest?: number
    readonly network: number
    readonly linear?: number
    readonly bent?: { readonly linear: number; readonly histogram: number }
  }
  readonly design: (rows: TrainingRows) => Design
}

const recipes: Readonly<Record<DetectorSetting, Recipe>> = {
  fast: {
    sharpness: 0.5,
    rowsMax: 8_192,
    weights: { histogram: 1, network: 2 },
    design: contractingQuickly,
  },
  balanced: {
    sharpness: 1,
    rowsMax: Number.POSITIVE_INFINITY,
    weights: { neighbours: 4, histogram: 1, network: 2, linear: 1, bent: { linear: 2, histogram: 0.5 } },
    design: contracting,
  },
  best: {
    sharpness: 1,
    rowsMax: Number.POSITIVE_INFINITY,
    weights: {
      neighbours: 4,
      ranked: 1,
      histogram: 1,
      loudest: 0.5,
      network: 2,
      linear: 1,
      bent: { linear: 2, histogram: 0.5 },
    },
    design: contracting,
  },
}

type Heard = readonly [Member, weight: number]

interface Seen {
  readonly rows: TrainingRows
  /** Those that tell how columns hang together (usual.ts). */
  readonly usual: TrainingRows
  readonly histogram: HistogramMember
}

export const ensemble: Kind = {
  name: 'ensemble',
  fit: async (all, options) => {
    if (options.isGiven === true) return given()
    if (options.steps > 1) return windows(all, options)
    const recipe = recipes[options.setting]
    const rows = thinnedTo(recipe.rowsMax, all)
    const seed = Random.derived(options.seed, 'ensemble').bits()
    const histogram = histogramMember(rows)
    const usual = usualRows(rows, histogram)
    const quick = untrained({ rows, usual, histogram }, recipe, seed)
    if (rows.width === 1) return { ...heard(quick, rows, recipe), backend: 'none', losses: [] }
    const trained = await network(usual, recipe.design(usual), () => {}, { ...options, seed })
    const { member, backend, losses } = trained
    return { ...heard([...quick, [member, recipe.weights.network]], rows, recipe), backend, losses: [losses] }
  },
}

/** The members that need no training. */
function untrained({ rows, usual, histogram }: Seen, { weights }: Recipe, seed: number): Heard[] {
  const { neighbours, ranked, loudest, linear, bent } = weights
  const members: Heard[] = [[histogram, weights.histogram]]
  if (neighbours !== undefined) members.push([neighboursMember(rows, seed), neighbours])
  if (ranked !== undefined) members.push([rankedMember(rows, seed), ranked])
  if (loudest !== undefined) members.push([loudestMember(rows), loudest])
  // A single column leaves a network nothing to learn, and how far a value is should still be known. Before the bent one:
  // what a column is expected to be is asked in this order, and where columns hang together exactly it knows exactly.
  if (linear !== undefined || rows.width === 1) members.push([linearMember(usual), linear ?? 1])
  if (bent !== undefined) {
    const seen = bentRows(rows)
    members.push([bentMember(seen), bent.linear], [bentHistogramMember(seen), bent.histogram])
  }
  return members
}

/**
 * What a member's scores are worth is read off the training rows, for those that remember each row without itself: so the
 * members are weighed alike, and on tables more is found than by scores of held-out blocks, where drift deafens some of them.
 */
function heard(
  members: readonly Heard[],
  rows: TrainingRows,
  { sharpness }: Recipe,
): Pick<Fitted, 'members' | 'together'> {
  const scores = members.map(([member]) => ownScores(member, rows))
  const weights = members.map(([, weight]) => weight)
  const combination = surprising(sharpness, weights, scores)
  return { members: members.map(([member]) => member), together: () => combination }
}

function ownScores(member: Member, { rows, count, width }: TrainingRows): Float32Array {
  return member.kind === 'neighbours'
    ? scoresWithoutSelf(member, width)
    : scoresOf(alone(member, width), rows.subarray(0, count * width))
}
