// Members: the weights and scoring constants of each member in a kernel's memory, and the operations that run them.

import assert from 'node:assert/strict'
import type { Arena } from './kernel/arena.ts'
import { DENSE, ERROR, operation, RESIDUAL, real, SHARES, SQUARES, turnBits, WEIGHTED } from './kernel/program.ts'
import { type PlacedNeighbours, placeNeighbours } from './members-neighbours.ts'
import { placeSequence } from './members-sequence.ts'
import type { DenseLayer, Member, Scoring, Shares } from './model.ts'
import { packed, shape } from './packing.ts'

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
  /** Operations from buffers.z to buffers.reconstructed. */
  readonly layers: (buffers: Buffers) => number[]
  /** Those of them that the score needs. */
  readonly before: (buffers: Buffers) => number[]
  readonly columnsMax: number
  readonly residualMean: number
  readonly scoring:
    | { readonly kind: 'mahalanobis'; readonly whitening: number; readonly zeros: number }
    | { readonly kind: 'error-over-train'; readonly weights: number }
    | { readonly kind: 'distance'; readonly neighbours: PlacedNeighbours }
  readonly width: number
}

/** `rows` is how many go through the layers together. */
export function placeMember(arena: Arena, member: Member, width: number, rows: number): PlacedMember {
  const stride = Math.ceil(width / 8) * 8
  const { scoring } = member
  const residualMean = scoring.kind === 'mahalanobis' ? scoring.residualMean : new Float32Array(width)
  const common = { residualMean: arena.place(residualMean, stride), width }
  if (member.kind !== 'neighbours' || scoring.kind !== 'distance') {
    const content = placeContent(arena, member, width, rows)
    return { ...common, ...content, before: content.layers, scoring: placeScoring(arena, scoring, width, stride) }
  }
  const neighbours = placeNeighbours(arena, member, width, rows)
  return {
    ...common,
    layers: ({ z, reconstructed, vectors }) => neighbours.recall(z, reconstructed, vectors),
    before: ({ z, vectors }) => neighbours.find(z, vectors),
    columnsMax: stride,
    scoring: { kind: scoring.kind, neighbours },
  }
}

function placeContent(
  arena: Arena,
  member: Member,
  width: number,
  rows: number,
): Pick<PlacedMember, 'layers' | 'columnsMax'> {
  const stride = Math.ceil(width / 8) * 8
  switch (member.kind) {
    case 'dense': {
      const placed = member.layers.map((layer) => placeDense(arena, layer))
      const columnsMax = Math.max(stride, ...placed.map((layer) => layer.blocks * 8))
      const shares = member.shares === undefined ? null : placeShares(arena, member.shares)
      return { layers: (buffers) => [...denseLayers(placed, buffers), ...(shares?.(buffers) ?? [])], columnsMax }
    }
    case 'sequence': {
      const words = placeSequence(arena, member.layers, rows)
      return { layers: ({ z, reconstructed }) => words(z, reconstructed, stride * 4), columnsMax: stride }
    }
    case 'neighbours': {
      const { recall } = placeNeighbours(arena, member, width, rows)
      return { layers: ({ z, reconstructed, vectors }) => recall(z, reconstructed, vectors), columnsMax: stride }
    }
    default:
      return member satisfies never
  }
}

/** The operation that makes shares of what the layers gave. */
function placeShares(arena: Arena, { categories, low, span }: Shares): (buffers: Buffers) => number[] {
  const table = arena.place(Int32Array.from(categories.flatMap(({ from, to }) => [from, to])))
  const [lowAt, spanAt] = [arena.place(low), arena.place(span)]
  return ({ reconstructed, vectors }) =>
    operation(SHARES, reconstructed, vectors, table, categories.length, lowAt, spanAt)
}

function placeDense(arena: Arena, layer: DenseLayer): PlacedLayer {
  const blocks = Math.ceil(layer.outputs / 8)
  return {
    inputs: layer.inputs,
    blocks,
    weights: arena.place(packed(layer.weights, layer.inputs, layer.outputs)),
    bias: arena.place(layer.bias, blocks * 8),
    ...shape(layer.activation),
  }
}

function placeScoring(arena: Arena, scoring: Scoring, width: number, stride: number): PlacedMember['scoring'] {
  switch (scoring.kind) {
    case 'distance':
      return assert.fail('only neighbours are scored by their distance')
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

function denseLayers(placed: readonly PlacedLayer[], buffers: Buffers): number[] {
  const words: number[] = []
  let from = buffers.z
  let fromStride = buffers.vectors * 16
  placed.forEach((layer, i) => {
    const last = i === placed.length - 1
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
    case 'distance':
      return scoring.neighbours.distance(z, vectors, scores, turn, factor)
    default:
      return scoring satisfies never
  }
}

export function residuals(member: PlacedMember, buffers: Buffers, masks: number): number[] {
  const { z, reconstructed, residual, vectors } = buffers
  return operation(RESIDUAL, z, reconstructed, member.residualMean, masks, residual, vectors)
}

function transposed(square: Float32Array, width: number): Float32Array {
  const target = new Float32Array(width * width)
  for (let i = 0; i < width; i++) for (let j = 0; j < width; j++) target[j * width + i] = square[i * width + j]!
  return target
}
