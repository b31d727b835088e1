// Denoising: two networks that must restore a row from a spoilt copy, and the linear member. Noise is added to every cell;
// of some rows a share of the cells is hidden besides (0 = the column's mean), so that the network knows what to expect of a
// value it does not see: that is what fills in missing values and what explanations are made of.
// Two networks rather than one because seeds differ by a point of AUROC and their mean by less; a third gained 0.2 points.
// Source: Vincent et al., Extracting and composing robust features with denoising autoencoders (2008).

import { Random } from '../../core/random.ts'
import { alike, type Kind } from './kind.ts'
import { linearMember } from './linear.ts'
import { hourglass, network, type Spoil } from './network.ts'
import { noiseFrom } from './noise.ts'
import { sizeOf } from './size.ts'

const networks = 2
/** Standard deviation of the noise, in scaled units. */
const noise = 0.2
/** More makes a better filler of gaps and a worse detector: 0.4 cost 0.6 points of AUROC. */
const hiddenRowShare = 0.15
const hiddenCellShareMin = 0.1
const hiddenCellShareMax = 0.6

export const denoising: Kind = {
  name: 'denoising',
  fit: async (rows, options) => {
    const linear = linearMember(rows)
    if (rows.width === 1) return { members: [linear], together: alike, backend: 'none', losses: [] }
    const design = hourglass(rows.width, sizeOf(rows.count, rows.width))
    const trained = []
    for (let i = 0; i < networks; i++) {
      const seed = Random.derived(options.seed, `denoising ${i}`).bits()
      const onProgress = (share: number, loss: number): void => options.onProgress((i + share) / networks, loss)
      trained.push(await network(rows, design, spoiling(seed), { ...options, seed, onProgress }))
    }
    return {
      members: [...trained.map(({ member }) => member), linear],
      together: alike,
      backend: trained[0]?.backend ?? 'none',
      losses: trained.map(({ losses }) => losses),
    }
  },
}

function spoiling(seed: number): Spoil {
  const random = Random.derived(seed, 'noise')
  const add = noiseFrom(random, noise)
  return (cells, at, width) => {
    add(cells, at, width)
    if (random.uniform() >= hiddenRowShare) return
    const share = hiddenCellShareMin + (hiddenCellShareMax - hiddenCellShareMin) * random.uniform()
    const limit = share * 2 ** 32
    for (let j = 0; j < width; j++) if (random.bits() < limit) cells[at + j] = 0
  }
}
