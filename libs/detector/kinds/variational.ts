// Variational: a network that gives a row a cloud of codes, mean and variance, and must restore the row from any of them,
// while the clouds are kept near the standard normal. It is scored at the mean code, so that a score does not depend on
// chance: in the engine it is a network like any other. How far a row's cloud is from the standard normal is a score of its
// own, the second member; the linear member is the third.
// Source: Kingma and Welling, Auto-encoding variational Bayes (2014).

import { Random } from '../../core/random.ts'
import type { Sampler } from '../sampler.ts'
import { divergenceOf } from './divergence.ts'
import { alike, type Kind } from './kind.ts'
import { linearMember } from './linear.ts'
import { leak, network, straight } from './network.ts'
import { samplerOf } from './sampling.ts'
import { sizeOf } from './size.ts'

/** Of the divergence, against an error per column. */
const weight = 1e-2
/** Share of the steps over which the weight grows to its full size. */
const warmupShare = 0.25

export const variational: Kind = {
  name: 'variational',
  fit: async (rows, options) => {
    const { width } = rows
    const linear = linearMember(rows)
    if (width === 1) return { members: [linear], together: alike, backend: 'none', losses: [] }
    const { hidden, code, batchRows, steps } = sizeOf(rows.count, width)
    const seed = Random.derived(options.seed, 'variational').bits()
    const warmupSteps = Math.ceil(warmupShare * steps)
    const plan = {
      widths: [width, hidden, 2 * code, hidden, width],
      activations: [leak, straight, leak, straight],
      penalty: { kind: 'variational', layer: 1, weight, warmupSteps, seed },
    } as const
    const trained = await network(rows, { plan, batchRows, steps }, () => {}, { ...options, seed })
    const members = [trained.member, ...divergenceOf(rows, trained, 1), linear]
    const sampler = (own: Float32Array): Sampler | null => samplerOf(members, rows, own, seed)
    return { members, together: alike, sampler, backend: trained.backend, losses: [trained.losses] }
  },
}
