// Attention: windows are cut into at most sixteen patches, each of which looks at all others; what they then are gives the
// code, and the mirror leads back, a patch from the code and a look at the others; beside it the linear member. It relates
// what lies far apart, and so suits long windows.
// All that passes from one side to the other is the narrow code: paths around the attention would otherwise copy. Some steps
// of every window are hidden while it learns, so that it must tell them from the rest.
// Sources: Vaswani et al., Attention is all you need (2017); Nie et al., A time series is worth 64 words (2023), for patches.

import type { Grid, LayerForm } from '../sequence.ts'
import type { Kind } from './kind.ts'
import { straight } from './network.ts'
import { fitSequence } from './sequence-network.ts'
import { sizeOf } from './size.ts'

const patchesMax = 16
const channelsMin = 16
const channelsMax = 32
const heads = 2
const stepsMax = 120
const learningRate = 1e-2
const hiddenStepShare = 0.15

export const attention: Kind = {
  name: 'attention',
  isSlow: true,
  fit: (rows, options) => {
    const window = { steps: options.steps, channels: rows.width / options.steps }
    const code = Math.min(sizeOf(rows.count, rows.width).code, Math.max(1, rows.width - 1))
    const hidden = window.steps > 2 ? hiddenStepShare : 0
    const design = { name: 'attention', forms: patched(window, code), stepsMax, learningRate, hiddenStepShare: hidden }
    return fitSequence(rows, [design], options)
  },
}

export function patched(window: Grid, code: number): LayerForm[] {
  const patch = Math.ceil(window.steps / patchesMax)
  const channels = Math.min(channelsMax, Math.max(channelsMin, Math.ceil(window.channels / 4) * 8))
  const patches = { steps: Math.ceil(window.steps / patch), channels }
  const middle = { steps: 1, channels: code }
  const cut = { kernel: patch, stride: patch, activation: straight }
  const all = { kernel: patches.steps, stride: patches.steps, activation: straight }
  const look: LayerForm = { kind: 'attention', heads, hidden: 2 * channels, input: patches, output: patches }
  return [
    { kind: 'convolution', input: window, output: patches, ...cut },
    look,
    { kind: 'convolution', input: patches, output: middle, ...all },
    { kind: 'transposed', input: middle, output: patches, ...all },
    look,
    { kind: 'transposed', input: patches, output: window, ...cut },
  ]
}
