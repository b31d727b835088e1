// Code: what a network makes of a row in its narrowest layer, and rows made of codes. Either half of the network is run by
// the engine that scores, as a model of its own.
// Invariants
//   C1 the narrowest layer is the one with the fewest outputs, the last layer aside; of several, the one in the middle.
//   C2 a half takes and gives rows as wide as the wider of row and code: what is not used of them is 0 and weighs nothing.
//      One that sees windows through a lens sees them so here.

import { engine } from './engine.ts'
import { seenWidth } from './lens.ts'
import type { DenseLayer, DenseMember, Member, Model, SequenceMember } from './model.ts'

export interface Code {
  /** Columns of the code. */
  readonly columns: number
  /** The code of a row in its own units, no value of which is missing; valid until the next call. */
  encode(row: Float32Array): Float32Array
}

export interface Decoder {
  /** Columns of the code. */
  readonly columns: number
  /** The network whose second half it is. */
  readonly member: DenseMember
  /** The row of a code, in scaled units; valid until the next call. */
  decode(code: Float32Array): Float32Array
}

type Network = DenseMember | SequenceMember

/** Of the first member that is a network of more than one layer; null if none is. */
export function codeOf(model: Model): Code | null {
  const member = networkOf(model)
  if (member === null) return null
  const { columns, at } = narrowest(member)
  const isLensed = member.kind === 'dense' && member.lens !== undefined
  const width = isLensed ? model.width : Math.max(model.width, columns)
  if (isLensed && columns > seenWidth(member, width)) return null
  const { mean, inverseScale, clip } = model.scaler
  const scaler = { mean: padded(mean, width), inverseScale: padded(inverseScale, width), clip }
  const run = runner({ ...model, width, scaler, members: [firstHalf(member, at + 1, width)] })
  return { columns, encode: (row) => run(row).subarray(0, columns) }
}

/** The way back from the code of a dense network; null if the model has none. */
export function decoderOf(model: Model): Decoder | null {
  const member = networkOf(model)
  if (member?.kind !== 'dense' || member.lens !== undefined) return null
  const { columns, at } = narrowest(member)
  const width = Math.max(model.width, columns)
  const scaler = {
    mean: new Float32Array(width),
    inverseScale: new Float32Array(width).fill(1),
    clip: model.scaler.clip,
  }
  const layers = resized(member.layers.slice(at + 1), width)
  const half = { ...member, layers, scoring: indifferent(width) }
  const run = runner({ ...model, width, scaler, members: [half] })
  return { columns, member, decode: (code) => run(code).subarray(0, model.width) }
}

function networkOf({ members }: Model): Network | null {
  const found = members.find((member): member is Network => {
    // A member of bent columns is the linear one of wide rows: its code is no network's.
    return (isStraight(member) || member.kind === 'sequence') && member.layers.length > 1
  })
  return found ?? null
}

function isStraight(member: Member): member is DenseMember {
  return member.kind === 'dense' && member.bend === undefined
}

function narrowest(member: Network): { readonly columns: number; readonly at: number } {
  const outputs =
    member.kind === 'dense'
      ? member.layers.map((layer) => layer.outputs)
      : member.layers.map(({ form }) => form.output.steps * form.output.channels)
  const inner = outputs.slice(0, -1)
  const columns = Math.min(...inner)
  return { columns, at: (inner.indexOf(columns) + inner.lastIndexOf(columns)) >> 1 }
}

/** Layers over steps write as many columns as they have. */
function firstHalf(member: Network, end: number, width: number): Network {
  if (member.kind === 'sequence')
    return { kind: 'sequence', layers: member.layers.slice(0, end), scoring: indifferent(width) }
  const seen = seenWidth(member, width)
  const half = {
    kind: 'dense',
    layers: resized(member.layers.slice(0, end), seen),
    scoring: indifferent(seen),
  } as const
  return member.lens === undefined ? half : { ...half, lens: member.lens }
}

/** The layers from `width` columns to `width` columns. */
function resized(layers: readonly DenseLayer[], width: number): DenseLayer[] {
  return layers.map((layer, l) => {
    const inputs = l === 0 ? width : layer.inputs
    const outputs = l === layers.length - 1 ? width : layer.outputs
    const weights = new Float32Array(inputs * outputs)
    for (let i = 0; i < layer.inputs; i++)
      for (let o = 0; o < layer.outputs; o++) weights[i * outputs + o] = layer.weights[i * layer.outputs + o]!
    return { ...layer, inputs, outputs, weights, bias: padded(layer.bias, outputs) }
  })
}

function padded(values: Float32Array, length: number): Float32Array {
  const out = new Float32Array(length)
  out.set(values)
  return out
}

/** Nobody asks for the score. */
function indifferent(width: number): DenseMember['scoring'] {
  return { kind: 'error-over-train', trainError: new Float32Array(width).fill(1) }
}

function runner(model: Model): (row: Float32Array) => Float32Array {
  const running = engine({ ...model, combination: { kind: 'mean' } })
  const reconstructed = running.views[0]!.reconstructed
  return (row) => {
    running.side.fill(0, 0, model.width)
    running.side.set(row)
    running.examine()
    return reconstructed
  }
}
