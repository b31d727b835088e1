// Members dense: layers of a dense network in a kernel's memory, and the operations that run them.

import type { Arena } from './kernel/arena.ts'
import { DENSE, operation, real, SHARES } from './kernel/program.ts'
import type { Buffers, PlacedMember } from './members.ts'
import type { DenseLayer, DenseMember, Shares } from './model.ts'
import { packed, shape } from './packing.ts'

export interface PlacedLayer {
  readonly inputs: number
  readonly blocks: number
  readonly weights: number
  readonly bias: number
  readonly slope: number
  readonly curve: number
}

export function placeDense(
  arena: Arena,
  { layers, shares }: Pick<DenseMember, 'layers' | 'shares'>,
  stride: number,
): Pick<PlacedMember, 'reconstruct' | 'columnsMax'> & { readonly placed: readonly PlacedLayer[] } {
  const placed = layers.map((layer) => placeLayer(arena, layer))
  const columnsMax = Math.max(stride, ...placed.map((layer) => layer.blocks * 8))
  const share = shares === undefined ? null : placeShares(arena, shares)
  return {
    placed,
    reconstruct: (buffers) => [...denseLayers(placed, buffers, buffers.reconstructed), ...(share?.(buffers) ?? [])],
    columnsMax,
  }
}

/** The operation that makes shares of what the layers gave. */
function placeShares(arena: Arena, { categories, low, span }: Shares): (buffers: Buffers) => number[] {
  const table = arena.place(Int32Array.from(categories.flatMap(({ from, to }) => [from, to])))
  const [lowAt, spanAt] = [arena.place(low), arena.place(span)]
  return ({ reconstructed, vectors }) =>
    operation(SHARES, reconstructed, vectors, table, categories.length, lowAt, spanAt)
}

export function placeLayer(arena: Arena, layer: DenseLayer): PlacedLayer {
  const blocks = Math.ceil(layer.outputs / 8)
  return {
    inputs: layer.inputs,
    blocks,
    weights: arena.place(packed(layer.weights, layer.inputs, layer.outputs)),
    bias: arena.place(layer.bias, blocks * 8),
    ...shape(layer.activation),
  }
}

/** Operations from buffers.z to the outputs of the last layer at `end`; those between go left and right in turn. */
export function denseLayers(placed: readonly PlacedLayer[], buffers: Buffers, end: number): number[] {
  const words: number[] = []
  let from = buffers.z
  let fromStride = buffers.vectors * 16
  placed.forEach((layer, i) => {
    const last = i === placed.length - 1
    const to = last ? end : i % 2 === 0 ? buffers.left : buffers.right
    const toStride = layer.blocks * 32
    words.push(...dense(layer, from, fromStride, to, toStride))
    from = to
    fromStride = toStride
  })
  return words
}

export function dense(layer: PlacedLayer, from: number, fromStride: number, to: number, toStride: number): number[] {
  const { inputs, weights, bias, blocks, slope, curve } = layer
  return operation(DENSE, from, fromStride, inputs, 0, weights, bias, to, toStride, blocks, real(slope), curve)
}
