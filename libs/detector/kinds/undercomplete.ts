// Undercomplete: a network whose code is narrower than the row, so that it cannot copy, trained on the row as it is; beside
// it the linear member. A row of one column has no narrower code: then the linear member stands alone.

import { Random } from '../../core/random.ts'
import type { Kind } from './kind.ts'
import { linearMember } from './linear.ts'
import { hourglass, network } from './network.ts'
import { sizeOf } from './size.ts'

export const undercomplete: Kind = {
  name: 'undercomplete',
  fit: async (rows, options) => {
    const members = [linearMember(rows)]
    if (rows.width === 1) return { members, backend: 'none', losses: [] }
    const size = sizeOf(rows.count, rows.width)
    const seed = Random.derived(options.seed, 'undercomplete').bits()
    const design = hourglass(rows.width, { ...size, code: Math.min(size.code, rows.width - 1) })
    const trained = await network(rows, design, () => {}, { ...options, seed })
    return { members: [trained.member, ...members], backend: trained.backend, losses: [trained.losses] }
  },
}
