// Artefact member: the tensors of a member under their names, and back; what is read has the shape that its description
// implies and is checked where a score could go wrong by it.

import { Failure } from '../core/failure.ts'
import type {
  DescribedLayer,
  DescribedLens,
  DescribedMember,
  DescribedNetwork,
  DescribedRanks,
} from './description-member.ts'
import { lensWidth, seenWidth } from './lens.ts'
import {
  type Bend,
  binsBeside,
  type DenseLayer,
  type DenseMember,
  type Lens,
  type Member,
  type NeighboursMember,
  type Ranks,
  type Scoring,
} from './model.ts'
import { tensorsOf } from './sequence.ts'

export type Put = (name: string, values: Float32Array, ...shape: readonly number[]) => void
type Take = (name: string, ...shape: readonly (number | null)[]) => Float32Array

/** Tensors of an artefact: taken once each, finite, and where asked for above 0. */
export interface MemberTensors {
  readonly finite: Take
  readonly positive: Take
}

export function putMember(put: Put, path: string, member: Member, width: number): void {
  switch (member.kind) {
    case 'divergence':
      putNetwork(put, path, member)
      putLayer(put, `${path}.spread`, member.spread)
      return
    case 'dense':
      putLens(put, path, member.lens)
      putBend(put, path, member.bend)
      putNetwork(put, path, member)
      putScoring(put, path, member.scoring, seenWidth(member, width))
      return
    case 'sequence':
      for (const [l, { form, tensors }] of member.layers.entries())
        for (const [t, { name, shape }] of tensorsOf(form).entries())
          put(`${path}.layer.${l}.${name}`, tensors[t]!, ...shape)
      putScoring(put, path, member.scoring, width)
      return
    case 'neighbours':
      putLens(put, path, member.lens)
      if (member.ranks !== undefined) {
        const { knots, at, seen } = member.ranks
        put(`${path}.ranks.at`, at, width, knots)
        put(`${path}.ranks.seen`, seen, width, knots)
      }
      put(`${path}.rows`, member.rows, member.count, seenWidth(member, width))
      if (member.metric !== null) {
        put(`${path}.metric.to`, member.metric.to, seenWidth(member, width), seenWidth(member, width))
        put(`${path}.metric.back`, member.metric.back, seenWidth(member, width), seenWidth(member, width))
      }
      if (member.scoring.kind === 'distance') put(`${path}.factors`, member.scoring.factors, member.count)
      else putScoring(put, path, member.scoring, seenWidth(member, width))
      return
    case 'histogram':
      putBend(put, path, member.bend)
      put(`${path}.typical`, member.typical, width)
      put(`${path}.low`, member.low, width)
      put(`${path}.inverse`, member.inverse, width)
      put(`${path}.table`, member.table, width, member.bins + binsBeside)
      return
    default:
      member satisfies never
  }
}

function putLens(put: Put, path: string, lens: Lens | undefined): void {
  if (lens === undefined) return
  put(`${path}.lens.center`, lens.center)
  put(`${path}.lens.inverse`, lens.inverse)
}

function putBend(put: Put, path: string, bend: Bend | undefined): void {
  if (bend === undefined) return
  put(`${path}.bend.center`, bend.center)
  put(`${path}.bend.inverse`, bend.inverse)
  put(`${path}.bend.scale`, bend.scale)
}

function putNetwork(put: Put, path: string, { layers, shares }: Pick<DenseMember, 'layers' | 'shares'>): void {
  for (const [l, layer] of layers.entries()) putLayer(put, `${path}.layer.${l}`, layer)
  if (shares === undefined) return
  put(`${path}.shares.low`, shares.low)
  put(`${path}.shares.span`, shares.span)
}

function putLayer(put: Put, path: string, { weights, bias, inputs, outputs }: DenseLayer): void {
  put(`${path}.weights`, weights, inputs, outputs)
  put(`${path}.bias`, bias)
}

function putScoring(put: Put, path: string, scoring: Scoring, width: number): void {
  switch (scoring.kind) {
    case 'mahalanobis':
      put(`${path}.residual_mean`, scoring.residualMean)
      put(`${path}.whitening`, scoring.whitening, width, width)
      return
    case 'error-over-train':
      put(`${path}.train_error`, scoring.trainError)
      return
    default:
      scoring satisfies never
  }
}

export function takeMember(tensors: MemberTensors, path: string, member: DescribedMember, width: number): Member {
  const { finite, positive } = tensors
  switch (member.kind) {
    case 'divergence': {
      const { kind, code, scale } = member
      const spread = takeLayer(finite, `${path}.spread`, member.spread)
      return { kind, ...takeNetwork(finite, path, member, width), code, scale, spread }
    }
    case 'dense': {
      const seen = seenWidth(member, width)
      const scoring = takeScoring(tensors, path, member.scoring.kind, seen)
      return {
        kind: member.kind,
        ...(member.bend === undefined ? takeLens(tensors, path, member) : takeBend(tensors, path, width)),
        ...takeNetwork(finite, path, member, seen),
        scoring,
      }
    }
    case 'sequence': {
      const layers = member.layers.map((form, l) => {
        return {
          form,
          tensors: tensorsOf(form).map(({ name, shape }) => finite(`${path}.layer.${l}.${name}`, ...shape)),
        }
      })
      return { kind: member.kind, layers, scoring: takeScoring(tensors, path, member.scoring.kind, width) }
    }
    case 'neighbours':
      return takeNeighbours(tensors, path, member, seenWidth(member, width))
    case 'histogram': {
      const { bend, ...described } = member
      return {
        ...described,
        ...(bend === undefined ? {} : takeBend(tensors, path, width)),
        typical: finite(`${path}.typical`, width),
        low: finite(`${path}.low`, width),
        inverse: positive(`${path}.inverse`, width),
        table: finite(`${path}.table`, width, member.bins + binsBeside),
      }
    }
    default:
      return member satisfies never
  }
}

function takeNeighbours(
  tensors: MemberTensors,
  path: string,
  member: DescribedMember & { readonly kind: 'neighbours' },
  width: number,
): NeighboursMember {
  const { finite, positive } = tensors
  const { lens: _, ranks, ...described } = member
  return {
    ...described,
    ...(ranks === undefined ? takeLens(tensors, path, member) : { ranks: takeRanks(tensors, path, ranks, width) }),
    rows: finite(`${path}.rows`, member.count, width),
    metric:
      member.metric === 'none'
        ? null
        : { to: finite(`${path}.metric.to`, width, width), back: finite(`${path}.metric.back`, width, width) },
    scoring:
      member.scoring.kind === 'distance'
        ? { kind: 'distance', factors: positive(`${path}.factors`, member.count) }
        : { kind: 'error-over-train', trainError: positive(`${path}.train_error`, width) },
  }
}

function takeLens(
  { finite }: MemberTensors,
  path: string,
  { lens }: { readonly lens?: DescribedLens },
): { lens?: Lens } {
  if (lens === undefined) return {}
  const width = lensWidth(lens)
  const inverse = finite(`${path}.lens.inverse`, width)
  if (inverse.some((value) => value < 0))
    throw new Failure('artefact-invalid', `artefact: ${path}.lens.inverse is not at least 0`)
  return { lens: { ...lens, center: finite(`${path}.lens.center`, width), inverse } }
}

function takeBend({ finite, positive }: MemberTensors, path: string, width: number): { bend: Bend } {
  const center = finite(`${path}.bend.center`, width)
  const inverse = positive(`${path}.bend.inverse`, width)
  return { bend: { center, inverse, scale: positive(`${path}.bend.scale`, width) } }
}

function takeRanks({ finite }: MemberTensors, path: string, { knots }: DescribedRanks, width: number): Ranks {
  const at = finite(`${path}.ranks.at`, width, knots)
  const seen = finite(`${path}.ranks.seen`, width, knots)
  for (const [name, values] of Object.entries({ at, seen }))
    if (values.some((value, i) => i % knots > 0 && value < values[i - 1]!))
      throw new Failure('artefact-invalid', `artefact: ${path}.ranks.${name} does not ascend`)
  return { knots, at, seen }
}

function takeNetwork(
  take: Take,
  path: string,
  { layers: forms, categories }: DescribedNetwork,
  width: number,
): Pick<DenseMember, 'layers' | 'shares'> {
  const layers = forms.map((form, l) => takeLayer(take, `${path}.layer.${l}`, form))
  if (categories === undefined) return { layers }
  const [low, span] = [take(`${path}.shares.low`, width), take(`${path}.shares.span`, width)]
  return { layers, shares: { categories, low, span } }
}

function takeLayer(take: Take, path: string, form: DescribedLayer): DenseLayer {
  const weights = take(`${path}.weights`, form.inputs, form.outputs)
  return { ...form, weights, bias: take(`${path}.bias`, form.outputs) }
}

function takeScoring({ finite, positive }: MemberTensors, path: string, kind: Scoring['kind'], width: number): Scoring {
  switch (kind) {
    case 'mahalanobis': {
      const residualMean = finite(`${path}.residual_mean`, width)
      const whitening = finite(`${path}.whitening`, width, width)
      if (isLowerTriangular(whitening, width)) return { kind, residualMean, whitening }
      throw new Failure('artefact-invalid', `artefact: ${path}.whitening is not lower-triangular`)
    }
    case 'error-over-train':
      return { kind, trainError: positive(`${path}.train_error`, width) }
    default:
      return kind satisfies never
  }
}

function isLowerTriangular(square: Float32Array, width: number): boolean {
  for (let i = 0; i < width; i++) for (let j = i + 1; j < width; j++) if (square[i * width + j] !== 0) return false
  return true
}
