// Convolutional: windows are halved by convolutions until few steps are left, all of which give the code, and the mirror
// leads back; beside it the linear member. It looks for shapes wherever in the window they are. A row that is no window has
// one step: then the convolutions are dense layers.
// Source: Masci et al., Stacked convolutional auto-encoders for hierarchical feature extraction (2011).

import type { Activation } from '../model.ts'
import type { ConvolutionForm, Grid, LayerForm } from '../sequence.ts'
import type { Kind } from './kind.ts'
import { leak, straight } from './network.ts'
import { fitSequence } from './sequence-network.ts'
import { sizeOf } from './size.ts'

const kernelSteps = 5
const stepsMax = 400
const learningRate = 5e-3
/** Steps that are not halved any more. */
const stepsEnough = 16
const filtersMin = 16
const filtersMax = 64

export const convolutional: Kind = {
  name: 'convolutional',
  fit: (rows, options) => {
    const window = { steps: options.steps, channels: rows.width / options.steps }
    const code = Math.min(sizeOf(rows.count, rows.width).code, Math.max(1, rows.width - 1))
    const design = { name: 'convolutional', forms: halvings(window, code), stepsMax, learningRate, hiddenStepShare: 0 }
    return fitSequence(rows, [design], options)
  },
}

export function halvings(window: Grid, code: number): LayerForm[] {
  const filters = Math.min(filtersMax, Math.max(filtersMin, Math.ceil(window.channels / 4) * 8))
  const grids = [window]
  do {
    const { steps } = grids.at(-1) ?? window
    grids.push({ steps: Math.ceil(steps / 2), channels: filters })
  } while ((grids.at(-1)?.steps ?? 1) > stepsEnough)
  const lowest = grids.at(-1) ?? window
  const middle = { steps: 1, channels: code }
  const all = { kernel: lowest.steps, stride: lowest.steps }
  const pairs = grids.slice(1).map((narrow, i) => ({ wide: grids[i] ?? window, narrow }))
  const down = pairs.map(({ wide, narrow }) => convolved('convolution', wide, narrow))
  const up = pairs.map(({ wide, narrow }, i) => convolved('transposed', narrow, wide, i === 0 ? straight : leak))
  return [
    ...down,
    { kind: 'convolution', input: lowest, output: middle, ...all, activation: straight },
    { kind: 'transposed', input: middle, output: lowest, ...all, activation: leak },
    ...up.reverse(),
  ]
}

function convolved(
  kind: ConvolutionForm['kind'],
  input: Grid,
  output: Grid,
  activation: Activation = leak,
): ConvolutionForm {
  const steps = Math.max(input.steps, output.steps)
  return { kind, input, output, kernel: Math.min(kernelSteps, steps), stride: steps > 1 ? 2 : 1, activation }
}
