// Recurrent: a layer of memory cells over the steps of windows, forward and back through time, over a batch at a time: a
// product a step forward and one back; the gradients of the weights are one product over all steps in the end.
// Sources: Hochreiter and Schmidhuber, Long short-term memory (1997), with the forget gate of Gers et al. (2000); Cho et al.,
// Learning phrase representations using RNN encoder–decoder (2014), the reset before the product.

import type { RecurrentForm } from '../sequence.ts'
import { addBias, applyActivation, columnSums } from './activation.ts'
import type { LayerPass } from './layer-pass.ts'
import type { Products, Weights } from './products.ts'

const bent = { kind: 'tanh' } as const
const gated = { kind: 'sigmoid' } as const

/** One kind of cell in a batch of `rows`. Gradients are of its tensors, in their order. */
interface Cells {
  /** Of `before`, [row][units then inputs]: the output of the step. */
  step(before: Float32Array): Float32Array
  /** The steps backwards: from the slopes at the output of the last step to those at its `before`. */
  back(above: Float32Array): Float32Array
  gradients(): Float32Array[]
}

export function recurrent(
  form: RecurrentForm,
  tensors: readonly Float32Array[],
  x: Float32Array,
  products: Products,
): LayerPass {
  const { input, output } = form
  const rows = x.length / (input.steps * input.channels)
  const units = output.channels
  const width = units + input.channels
  const steps = Math.max(input.steps, output.steps)
  const cells =
    form.cell === 'lstm' ? lstm(rows, units, width, tensors, products) : gru(rows, units, width, tensors, products)
  const order = Array.from({ length: steps }, (_, i) => (form.direction === 'forward' ? i : steps - 1 - i))
  /** Where a step reads and writes: of a side of one step, always there. */
  const read = (step: number): number => (input.steps === 1 ? 0 : step)
  const write = (step: number): number => (output.steps === 1 ? 0 : step)
  const out = new Float32Array(rows * output.steps * units)
  let hidden: Float32Array = new Float32Array(rows * units)
  for (const step of order) {
    const before = new Float32Array(rows * width)
    copyColumns(hidden, units, 0, before, width, 0, units, rows)
    copyColumns(
      x,
      input.steps * input.channels,
      read(step) * input.channels,
      before,
      width,
      units,
      input.channels,
      rows,
    )
    hidden = cells.step(before)
    copyColumns(hidden, units, 0, out, output.steps * units, write(step) * units, units, rows)
  }
  return {
    output: out,
    backward: (above) => {
      const below = new Float32Array(x.length)
      const slopes = new Float32Array(rows * units)
      for (const step of order.toReversed()) {
        const seen = output.steps > 1 || step === order.at(-1)
        if (seen) addColumns(above, output.steps * units, write(step) * units, slopes, units, 0, units, rows)
        const before = cells.back(slopes)
        copyColumns(before, width, 0, slopes, units, 0, units, rows)
        addColumns(
          before,
          width,
          units,
          below,
          input.steps * input.channels,
          read(step) * input.channels,
          input.channels,
          rows,
        )
      }
      return { below, gradients: cells.gradients() }
    },
  }
}

/** Gates in the order input, forget, candidate, output. */
function lstm(
  rows: number,
  units: number,
  width: number,
  [values = new Float32Array(0), bias = new Float32Array(0)]: readonly Float32Array[],
  products: Products,
): Cells {
  const weights: Weights = { values, inputs: width, outputs: 4 * units }
  const seen: Float32Array[] = []
  const gates: Float32Array[] = []
  /** Before the first step, and after each. */
  const memories: Float32Array[] = [new Float32Array(rows * units)]
  const slopes: Float32Array[] = []
  let memorySlopes = new Float32Array(rows * units)
  return {
    step: (before) => {
      const g = products.forward(before, weights)
      addBias(g, bias)
      applyActivation(g, gated, 4 * units, 0, 2 * units)
      applyActivation(g, bent, 4 * units, 2 * units, 3 * units)
      applyActivation(g, gated, 4 * units, 3 * units, 4 * units)
      const kept = memories.at(-1) ?? new Float32Array(0)
      const memory = new Float32Array(rows * units)
      eachUnit(rows, units, 4, (i, at) => {
        memory[i] = g[at + units]! * kept[i]! + g[at]! * g[at + 2 * units]!
      })
      const hidden = memory.slice()
      applyActivation(hidden, bent)
      eachUnit(rows, units, 4, (i, at) => {
        hidden[i]! *= g[at + 3 * units]!
      })
      seen.push(before)
      gates.push(g)
      memories.push(memory)
      return hidden
    },
    back: (above) => {
      const t = gates.length - slopes.length - 1
      const g = gates[t]!
      const [kept, bends] = [memories[t]!, memories[t + 1]!.slice()]
      applyActivation(bends, bent)
      const own = new Float32Array(rows * 4 * units)
      const next = new Float32Array(rows * units)
      eachUnit(rows, units, 4, (i, at) => {
        const [entry, forget, fresh, exit] = [g[at]!, g[at + units]!, g[at + 2 * units]!, g[at + 3 * units]!]
        const bend = bends[i]!
        const memory = memorySlopes[i]! + above[i]! * exit * (1 - bend * bend)
        own[at] = memory * fresh * entry * (1 - entry)
        own[at + units] = memory * kept[i]! * forget * (1 - forget)
        own[at + 2 * units] = memory * entry * (1 - fresh * fresh)
        own[at + 3 * units] = above[i]! * bend * exit * (1 - exit)
        next[i] = memory * forget
      })
      memorySlopes = next
      slopes.push(own)
      return products.back(own, weights)
    },
    gradients: () => gradientsOf(products, seen, slopes, weights),
  }
}

/** Gates in the order update, reset; then the candidate, from what the reset leaves of the state. */
function gru(rows: number, units: number, width: number, tensors: readonly Float32Array[], products: Products): Cells {
  const [gateValues = new Float32Array(0), gateBias = new Float32Array(0)] = tensors
  const [, , freshValues = new Float32Array(0), freshBias = new Float32Array(0)] = tensors
  const gateWeights: Weights = { values: gateValues, inputs: width, outputs: 2 * units }
  const freshWeights: Weights = { values: freshValues, inputs: width, outputs: units }
  const seen: Float32Array[] = []
  const reset: Float32Array[] = []
  const gates: Float32Array[] = []
  const fresh: Float32Array[] = []
  const gateSlopes: Float32Array[] = []
  const freshSlopes: Float32Array[] = []
  return {
    step: (before) => {
      const g = products.forward(before, gateWeights)
      addBias(g, gateBias)
      applyActivation(g, gated)
      const left = before.slice()
      for (let row = 0; row < rows; row++)
        for (let u = 0; u < units; u++) left[row * width + u]! *= g[row * 2 * units + units + u]!
      const candidate = products.forward(left, freshWeights)
      addBias(candidate, freshBias)
      applyActivation(candidate, bent)
      const hidden = new Float32Array(rows * units)
      eachUnit(rows, units, 2, (i, at, row, u) => {
        hidden[i] = g[at]! * before[row * width + u]! + (1 - g[at]!) * candidate[i]!
      })
      seen.push(before)
      reset.push(left)
      gates.push(g)
      fresh.push(candidate)
      return hidden
    },
    back: (above) => {
      const t = gates.length - gateSlopes.length - 1
      const [g, candidate, before] = [gates[t]!, fresh[t]!, seen[t]!]
      const own = new Float32Array(rows * units)
      eachUnit(rows, units, 2, (i, at) => {
        own[i] = above[i]! * (1 - g[at]!) * (1 - candidate[i]! * candidate[i]!)
      })
      const ofLeft = products.back(own, freshWeights)
      const ofGates = new Float32Array(rows * 2 * units)
      eachUnit(rows, units, 2, (i, at, row, u) => {
        const state = before[row * width + u]!
        const [update, kept] = [g[at]!, g[at + units]!]
        ofGates[at] = above[i]! * (state - candidate[i]!) * update * (1 - update)
        ofGates[at + units] = ofLeft[row * width + u]! * state * kept * (1 - kept)
        ofLeft[row * width + u] = ofLeft[row * width + u]! * kept + above[i]! * update
      })
      freshSlopes.push(own)
      gateSlopes.push(ofGates)
      const below = products.back(ofGates, gateWeights)
      for (let i = 0; i < below.length; i++) below[i]! += ofLeft[i]!
      return below
    },
    gradients: () => [
      ...gradientsOf(products, seen, gateSlopes, gateWeights),
      ...gradientsOf(products, reset, freshSlopes, freshWeights),
    ],
  }
}

/** Of weights and bias, over all steps; slopes are in the opposite order. */
function gradientsOf(
  products: Products,
  seen: readonly Float32Array[],
  slopes: readonly Float32Array[],
  { inputs, outputs }: Weights,
): Float32Array[] {
  const all = joined(slopes.toReversed())
  return [products.gradient(joined(seen), all, inputs, outputs), columnSums(all, outputs)]
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const size = parts[0]?.length ?? 0
  const out = new Float32Array(parts.length * size)
  for (const [i, part] of parts.entries()) out.set(part, i * size)
  return out
}

/** Each unit of each row: its index, and that of its first gate among `gates` of them a unit. */
function eachUnit(
  rows: number,
  units: number,
  gates: number,
  visit: (index: number, gate: number, row: number, unit: number) => void,
): void {
  for (let row = 0; row < rows; row++)
    for (let u = 0; u < units; u++) visit(row * units + u, row * gates * units + u, row, u)
}

function copyColumns(
  from: Float32Array,
  fromStride: number,
  fromColumn: number,
  to: Float32Array,
  toStride: number,
  toColumn: number,
  columns: number,
  rows: number,
): void {
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < columns; c++) to[row * toStride + toColumn + c] = from[row * fromStride + fromColumn + c]!
}

function addColumns(
  from: Float32Array,
  fromStride: number,
  fromColumn: number,
  to: Float32Array,
  toStride: number,
  toColumn: number,
  columns: number,
  rows: number,
): void {
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < columns; c++) to[row * toStride + toColumn + c]! += from[row * fromStride + fromColumn + c]!
}
