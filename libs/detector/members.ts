// Members: the weights and scoring constants of each member in a kernel's memory, and the operations that run them.
// Weights are packed as the kernel reads them (assembly/dense.ts): blocks of 8 columns, [block][input][8].

import type { Arena } from './kernel/arena.ts'
import { curveCodes, DENSE, ERROR, operation, RESIDUAL, real, SQUARES, turnBits, WEIGHTED } from './kernel/program.ts'
import type { Activation, Member, Scoring } from './model.ts'

/** Positions of the work buffers that all members share, each with room for a chunk of rows. */
export interface Buffers {
  /** The scaled rows. */
  readonly z: number
  readonly left: number
  readonly right: number
  readonly reconstructed: number
  readonly residual: number
  /** Stride of a scaled row in vectors. */
  readonly vectors: number
}

interface PlacedLayer {
  readonly inputs: number
  readonly blocks: number
  readonly weights: number
  readonly bias: number
  readonly slope: number
  readonly curve: number
}

export interface PlacedMember {
  readonly layers: readonly PlacedLayer[]
  readonly columnsMax: number
  readonly residualMean: number
  readonly scoring:
    | { readonly kind: 'mahalanobis'; readonly whitening: number; readonly zeros: number }
    | { readonly kind: 'error-over-train'; readonly weights: number }
  readonly width: number
}

export function placeMember(arena: Arena, member: Member, width: number): PlacedMember {
  const layers = member.layers.map((layer): PlacedLayer => {
    const blocks = Math.ceil(layer.outputs / 8)
    return {
      inputs: layer.inputs,
      blocks,
      weights: arena.place(packed(layer.weights, layer.inputs, layer.outputs)),
      bias: arena.place(layer.bias, blocks * 8),
      ...shape(layer.activation),
    }
  })
  const stride = Math.ceil(width / 8) * 8
  const { scoring } = member
  const columnsMax = Math.max(stride, ...layers.map((layer) => layer.blocks * 8))
  const residualMean = scoring.kind === 'mahalanobis' ? scoring.residualMean : new Float32Array(width)
  return {
    layers,
    columnsMax,
    residualMean: arena.place(residualMean, stride),
    scoring: placeScoring(arena, scoring, width, stride),
    width,
  }
}

function placeScoring(arena: Arena, scoring: Scoring, width: number, stride: number): PlacedMember['scoring'] {
  switch (scoring.kind) {
    case 'mahalanobis': {
      const whitening = arena.place(packed(transposed(scoring.whitening, width), width, width))
      return { kind: scoring.kind, whitening, zeros: arena.reserve(stride) }
    }
    case 'error-over-train': {
      const weights = arena.place(
        scoring.trainError.map((error) => 1 / (error * width)),
        stride,
      )
      return { kind: scoring.kind, weights }
    }
    default:
      return scoring satisfies never
  }
}

/** Operations from buffers.z to buffers.reconstructed. */
export function layers(member: PlacedMember, buffers: Buffers): number[] {
  const words: number[] = []
  let from = buffers.z
  let fromStride = buffers.vectors * 16
  member.layers.forEach((layer, i) => {
    const last = i === member.layers.length - 1
    const to = last ? buffers.reconstructed : i % 2 === 0 ? buffers.left : buffers.right
    const toStride = layer.blocks * 32
    words.push(...dense(layer, from, fromStride, to, toStride))
    from = to
    fromStride = toStride
  })
  return words
}

function dense(layer: PlacedLayer, from: number, fromStride: number, to: number, toStride: number): number[] {
  const { inputs, weights, bias, blocks, slope, curve } = layer
  return operation(DENSE, from, fromStride, inputs, 0, weights, bias, to, toStride, blocks, real(slope), curve)
}

/** Where a member's share of the scores goes. */
export interface Target {
  readonly scores: number
  /** Index of the member and how many there are. */
  readonly index: number
  readonly of: number
  /** Missing values of each row. */
  readonly counts: number
  /** Masks of missing values, 0 if nothing is missing. */
  readonly masks: number
}

/** Operations from buffers.z and buffers.reconstructed to the member's share of the scores, by way of buffers.residual. */
export function scoring(member: PlacedMember, buffers: Buffers, target: Target): number[] {
  const { width, scoring } = member
  const { z, reconstructed, residual, left, vectors } = buffers
  const { scores, counts, masks } = target
  const turn = (target.index === 0 ? turnBits.first : 0) | (target.index === target.of - 1 ? turnBits.last : 0)
  const factor = real(1 / target.of)
  switch (scoring.kind) {
    case 'mahalanobis': {
      const bytes = vectors * 16
      const { whitening, zeros } = scoring
      return [
        ...residuals(member, buffers, masks),
        ...operation(DENSE, residual, bytes, width, 1, whitening, zeros, left, bytes, vectors / 2, real(1), 0),
        ...operation(SQUARES, left, vectors, scores, turn, factor),
      ]
    }
    case 'error-over-train':
      if (masks === 0) return operation(ERROR, z, reconstructed, scoring.weights, vectors, scores, turn, factor)
      return [
        ...residuals(member, buffers, masks),
        ...operation(WEIGHTED, residual, scoring.weights, width, counts, vectors, scores, turn, factor),
      ]
    default:
      return scoring satisfies never
  }
}

export function residuals(member: PlacedMember, buffers: Buffers, masks: number): number[] {
  const { z, reconstructed, residual, vectors } = buffers
  return operation(RESIDUAL, z, reconstructed, member.residualMean, masks, residual, vectors)
}

export function shape(activation: Activation): { slope: number; curve: number } {
  switch (activation.kind) {
    case 'linear':
      return { slope: 1, curve: curveCodes.none }
    case 'relu':
      return { slope: 0, curve: curveCodes.none }
    case 'leaky-relu':
      return { slope: activation.alpha, curve: curveCodes.none }
    case 'tanh':
      return { slope: 1, curve: curveCodes.tanh }
    case 'sigmoid':
      return { slope: 1, curve: curveCodes.sigmoid }
    default:
      return activation satisfies never
  }
}

/** Weights in row-major [input][output] as the kernel reads them. */
export function packed(weights: Float32Array, inputs: number, outputs: number): Float32Array {
  const blocks = Math.ceil(outputs / 8)
  const target = new Float32Array(blocks * inputs * 8)
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) target[((o >> 3) * inputs + i) * 8 + (o & 7)] = weights[i * outputs + o]!
  }
  return target
}

/** The inverse of `packed`. */
export function unpacked(weights: Float32Array, inputs: number, outputs: number): Float32Array {
  const target = new Float32Array(inputs * outputs)
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) target[i * outputs + o] = weights[((o >> 3) * inputs + i) * 8 + (o & 7)]!
  }
  return target
}

function transposed(square: Float32Array, width: number): Float32Array {
  const target = new Float32Array(width * width)
  for (let i = 0; i < width; i++) for (let j = 0; j < width; j++) target[j * width + i] = square[i * width + j]!
  return target
}
