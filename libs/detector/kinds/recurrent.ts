// Recurrent: memory cells read a window step by step; what they remembered at each step gives the code, and cells that run
// backwards over what the code says of each step write the window again; one network of LSTM and one of GRU cells, and the
// linear member. The order of the steps shapes all they know: what follows what, at whatever pace.
// A code of the last state alone, repeated to the cells that write, was left with fifty times the error on waves of 40 steps.
// They train slowly, since a step waits for the one before: few steps of training, and few blocks to calibrate (fit-split.ts).
// Sources: Srivastava et al., Unsupervised learning of video representations using LSTMs (2015); Malhotra et al., LSTM-based
// encoder-decoder for multi-sensor anomaly detection (2016).

import type { Grid, LayerForm, RecurrentForm } from '../sequence.ts'
import type { Kind } from './kind.ts'
import { straight } from './network.ts'
import { fitSequence } from './sequence-network.ts'
import { sizeOf } from './size.ts'

const unitsMin = 8
const unitsMax = 32
/** Longer windows are read in patches of several steps: a fit takes time in proportion to the steps of its cells. */
const cellStepsMax = 64
const stepsMax = 120
const learningRate = 1e-2

export const recurrent: Kind = {
  name: 'recurrent',
  isSlow: true,
  fit: (rows, options) => {
    const window = { steps: options.steps, channels: rows.width / options.steps }
    const code = Math.min(sizeOf(rows.count, rows.width).code, Math.max(1, rows.width - 1))
    const designs = (['lstm', 'gru'] as const).map((cell) => {
      return { name: cell, forms: thereAndBack(cell, window, code), stepsMax, learningRate, hiddenStepShare: 0 }
    })
    return fitSequence(rows, designs, options)
  },
}

export function thereAndBack(cell: RecurrentForm['cell'], window: Grid, code: number): LayerForm[] {
  const { channels } = window
  const units = Math.min(unitsMax, Math.max(unitsMin, Math.ceil(channels / 4) * 8))
  const patch = Math.ceil(window.steps / cellStepsMax)
  const told = { steps: Math.ceil(window.steps / patch), channels: units }
  const middle = { steps: 1, channels: code }
  const cut = { kernel: patch, stride: patch, activation: straight }
  const all = { kernel: told.steps, stride: told.steps, activation: straight }
  const patches: LayerForm[] = patch === 1 ? [] : [{ kind: 'convolution', input: window, output: told, ...cut }]
  return [
    ...patches,
    { kind: 'recurrent', cell, direction: 'forward', input: patches.at(-1)?.output ?? window, output: told },
    { kind: 'convolution', input: told, output: middle, ...all },
    { kind: 'transposed', input: middle, output: told, ...all },
    { kind: 'recurrent', cell, direction: 'backward', input: told, output: told },
    { kind: 'transposed', input: told, output: window, ...cut },
  ]
}
