// Ensemble: members that see different things, of which the loudest leads (combination.ts): remembered rows, each column's
// histogram, a denoising network, and the linear member. What each is worth by itself and together is in docs/quality.md.
// The network's inputs are spoilt by noise and by values of other rows: it must know which values go together, not only
// which are usual. Rows that are windows have members of their own (windows.ts).

import { Random } from '../../core/random.ts'
import type { Member } from '../model.ts'
import { histogramMember } from './histogram.ts'
import type { Kind, TrainingRows } from './kind.ts'
import { linearMember } from './linear.ts'
import { neighboursMember } from './neighbours.ts'
import { hourglass, network, type Spoil } from './network.ts'
import { sizeOf } from './size.ts'
import { windows } from './windows.ts'

const sharpness = 1
const weights = { neighbours: 2, histogram: 1, network: 1, linear: 1 } as const
const steps = 1500
const codeMin = 2
const codeMax = 32
/** Standard deviation of the noise, in scaled units, and the share of cells that take the value of another row. */
const noise = 0.3
const swapShare = 0.15
/** Noise is drawn once into a table this long, and each row reads from a random place of it: a power of two. */
const noiseTable = 32_768

export const ensemble: Kind = {
  name: 'ensemble',
  fit: async (rows, options) => {
    if (options.steps > 1) return windows(rows, options)
    const { width } = rows
    const seed = Random.derived(options.seed, 'ensemble').bits()
    const quick: [Member, number][] = [
      [neighboursMember(rows, seed), weights.neighbours],
      [histogramMember(rows), weights.histogram],
      [linearMember(rows), weights.linear],
    ]
    if (width === 1) return { ...parted(quick), backend: 'none', losses: [] }
    const code = Math.max(codeMin, Math.min(codeMax, Math.floor(width / 2)))
    const design = hourglass(width, { ...sizeOf(rows.count, width), code, steps })
    const { member, backend, losses } = await network(rows, design, spoiling(rows, seed), { ...options, seed })
    return { ...parted([...quick, [member, weights.network]]), backend, losses: [losses] }
  },
}

function parted(members: readonly (readonly [Member, number])[]): {
  members: Member[]
  voices: { sharpness: number; weights: number[] }
} {
  return {
    members: members.map(([member]) => member),
    voices: { sharpness, weights: members.map(([, weight]) => weight) },
  }
}

function spoiling({ rows, count, width }: TrainingRows, seed: number): Spoil {
  const random = Random.derived(seed, 'noise')
  const table = Float32Array.from({ length: noiseTable }, () => noise * random.normal())
  const limit = swapShare * 2 ** 32
  return (cells, at) => {
    const from = random.bits()
    for (let j = 0; j < width; j++) {
      cells[at + j]! += table[(from + j) & (noiseTable - 1)]!
      if (random.bits() >= limit) continue
      const other = rows[random.integer(count) * width + j]!
      cells[at + j] = Number.isNaN(other) ? 0 : other
    }
  }
}
