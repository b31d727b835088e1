// Steadied: a kind of one network, beside which the linear member stands: what is far along no direction that a network
// knows is still far. A row of one column leaves nothing to learn but that member.

import { Random } from '../../core/random.ts'
import type { DetectorKind } from '../../stream/spec.ts'
import { alike, type Kind, type TrainingRows } from './kind.ts'
import { linearMember } from './linear.ts'
import { type Design, network } from './network.ts'

export function steadied(name: DetectorKind, designOf: (rows: TrainingRows) => Design): Kind {
  return {
    name,
    fit: async (rows, options) => {
      const linear = linearMember(rows)
      if (rows.width === 1) return { members: [linear], together: alike, backend: 'none', losses: [] }
      const seed = Random.derived(options.seed, name).bits()
      const { member, backend, losses } = await network(rows, designOf(rows), () => {}, { ...options, seed })
      return { members: [member, linear], together: alike, backend, losses: [losses] }
    },
  }
}
