// Ensemble: members that see different things, of which the loudest leads (combination.ts): remembered rows, each column's
// histogram, a contractive network, and the linear member. What each is worth by itself and together is in docs/quality.md.
// Rows that are windows have members of their own (windows.ts).

import { Random } from '../../core/random.ts'
import type { Member } from '../model.ts'
import { scoresOf } from '../scores.ts'
import { surprising } from '../surprise.ts'
import { alone } from './alone.ts'
import { contracting } from './contractive.ts'
import { given } from './given.ts'
import { histogramMember } from './histogram.ts'
import type { Fitted, Kind, TrainingRows } from './kind.ts'
import { linearMember } from './linear.ts'
import { neighboursMember, scoresWithoutSelf } from './neighbours.ts'
import { network } from './network.ts'
import { windows } from './windows.ts'

const sharpness = 0.5
const weights = { neighbours: 2, histogram: 1, network: 2, linear: 1 } as const

export const ensemble: Kind = {
  name: 'ensemble',
  fit: async (rows, options) => {
    if (options.isGiven === true) return given()
    if (options.steps > 1) return windows(rows, options)
    const { width } = rows
    const seed = Random.derived(options.seed, 'ensemble').bits()
    const quick: [Member, number][] = [
      [neighboursMember(rows, seed), weights.neighbours],
      [histogramMember(rows), weights.histogram],
      [linearMember(rows), weights.linear],
    ]
    if (width === 1) return { ...heard(quick, rows), backend: 'none', losses: [] }
    const { member, backend, losses } = await network(rows, contracting(rows), () => {}, { ...options, seed })
    return { ...heard([...quick, [member, weights.network]], rows), backend, losses: [losses] }
  },
}

/**
 * What a member's scores are worth is read off the training rows, for those that remember each row without itself: so the
 * members are weighed alike, and on tables more is found than by scores of held-out blocks, where drift deafens some of them.
 */
function heard(
  members: readonly (readonly [Member, number])[],
  rows: TrainingRows,
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
