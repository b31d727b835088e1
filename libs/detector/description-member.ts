// Description member: what of a member is not a tensor, as JSON, and its parser. The invariants are those of description.ts.

import { type Fields, invalid } from './description-fields.ts'
import { activationOf, describeActivation, describeForm, formsOf } from './description-form.ts'
import { lensWidth, seenWidth } from './lens.ts'
import {
  type DenseLayer,
  type DenseMember,
  type Json,
  type Lens,
  type Member,
  type NeighboursScoring,
  neighboursMax,
  type Ranks,
  type Scoring,
  type Shares,
} from './model.ts'
import type { LayerForm } from './sequence.ts'

/** Columns of a row or outputs of a layer. */
export const widthMax = 8192
export const membersMax = 64
export const layersMax = 64
/** Rows that a member remembers. */
export const storedMax = 65_536
/** Bins of a column. */
const binsMax = 1024
/** Of the columns of a histogram. */
const [sharpnessMin, sharpnessMax] = [1e-3, 1e3]
/** Places of a column that are ranked. */
const knotsMax = 4096
/** Lengths that a lens looks over. */
const spansMax = 16

type DescribedScoring = { readonly kind: Scoring['kind'] }
/** How many knots a column has. */
export type DescribedRanks = Pick<Ranks, 'knots'>
export type DescribedLayer = Omit<DenseLayer, 'weights' | 'bias'>
export type DescribedLens = Omit<Lens, 'center' | 'inverse'>
export interface DescribedNetwork {
  readonly layers: readonly DescribedLayer[]
  readonly categories?: Shares['categories']
}
/** How a dense member sees rows; the tables of a bend are tensors. */
interface Sight {
  readonly lens?: DescribedLens
  readonly bend?: 'asinh'
}
export type DescribedMember =
  | (DescribedNetwork & Sight & { readonly kind: 'dense'; readonly scoring: DescribedScoring })
  | (DescribedNetwork & {
      readonly kind: 'divergence'
      readonly code: number
      readonly scale: number
      readonly spread: DescribedLayer
    })
  | { readonly kind: 'sequence'; readonly layers: readonly LayerForm[]; readonly scoring: DescribedScoring }
  | {
      readonly kind: 'neighbours'
      readonly count: number
      readonly neighbours: number
      readonly probes: number
      readonly metric: 'none' | 'linear'
      readonly lens?: DescribedLens
      readonly ranks?: DescribedRanks
      readonly scoring: { readonly kind: NeighboursScoring['kind'] }
    }
  | (Pick<Sight, 'bend'> & {
      readonly kind: 'histogram'
      readonly bins: number
      readonly sharpness: number
      readonly base: number
    })

export function describeMember(member: Member): Json {
  switch (member.kind) {
    case 'dense':
      return {
        kind: member.kind,
        ...(member.bend === undefined ? describeLens(member) : { bend: 'asinh' }),
        ...describeNetwork(member),
        scoring: { kind: member.scoring.kind },
      }
    case 'divergence': {
      const { kind, code, scale, spread } = member
      return { kind, ...describeNetwork(member), code, scale, spread: describeLayer(spread) }
    }
    case 'sequence': {
      const layers = member.layers.map(({ form }) => describeForm(form))
      return { kind: member.kind, layers, scoring: { kind: member.scoring.kind } }
    }
    case 'neighbours': {
      const { kind, count, neighbours, probes, metric } = member
      const rows = { count, neighbours, probes, metric: metric === null ? 'none' : 'linear' }
      const sight = member.ranks === undefined ? describeLens(member) : { ranks: { knots: member.ranks.knots } }
      return { kind, ...sight, ...rows, scoring: { kind: member.scoring.kind } }
    }
    case 'histogram': {
      const { kind, bend, bins, sharpness, base } = member
      return { kind, ...(bend === undefined ? {} : { bend: 'asinh' }), bins, sharpness, base }
    }
    default:
      return member satisfies never
  }
}

function describeLens({ lens }: { readonly lens?: Lens }): { [key: string]: Json } {
  if (lens === undefined) return {}
  return { lens: { channels: lens.channels, spans: lens.spans, clip: lens.clip } }
}

function describeNetwork({ layers, shares }: Pick<DenseMember, 'layers' | 'shares'>): { [key: string]: Json } {
  const described = { layers: layers.map(describeLayer) }
  if (shares === undefined) return described
  return { ...described, categories: shares.categories.map(({ from, to }) => ({ from, to })) }
}

function describeLayer({ kind, inputs, outputs, activation }: DenseLayer): Json {
  return { kind, inputs, outputs, activation: describeActivation(activation) }
}

export function memberOf(fields: Fields, width: number): DescribedMember {
  const kind = fields.choice('kind', ['dense', 'divergence', 'sequence', 'neighbours', 'histogram'])
  const described = describedOf(kind, fields, width)
  fields.close()
  return described
}

function describedOf(kind: DescribedMember['kind'], fields: Fields, width: number): DescribedMember {
  const path = `${fields.path}.layers`
  switch (kind) {
    case 'dense': {
      const sight: Sight = fields.has('bend') ? bendOf(fields) : lensOf(fields, width)
      const network = networkOf(fields, seenWidth(sight, width), path)
      return { kind, ...sight, ...network, scoring: scoringOf(fields.fields('scoring')) }
    }
    case 'divergence':
      return divergenceOf(fields, networkOf(fields, width, path))
    case 'sequence': {
      const layers = formsOf(fields.list('layers', 1, layersMax), width, path)
      return { kind, layers, scoring: scoringOf(fields.fields('scoring')) }
    }
    case 'neighbours': {
      const count = fields.count('count', 1, storedMax)
      const neighbours = fields.count('neighbours', 1, Math.min(neighboursMax, count))
      const probes = fields.count('probes', 1, neighboursMax)
      const metric = fields.choice('metric', ['none', 'linear'])
      const scoring = fields.fields('scoring')
      const scored = { kind: scoring.choice('kind', ['distance', 'error-over-train']) }
      scoring.close()
      return {
        kind,
        ...(fields.has('ranks') ? ranksOf(fields) : lensOf(fields, width)),
        count,
        neighbours,
        probes,
        metric,
        scoring: scored,
      }
    }
    case 'histogram':
      return {
        kind,
        ...(fields.has('bend') ? bendOf(fields) : {}),
        bins: fields.count('bins', 1, binsMax),
        sharpness: sharpnessOf(fields),
        base: fields.number('base'),
      }
    default:
      return kind satisfies never
  }
}

function lensOf(fields: Fields, width: number): { lens?: DescribedLens } {
  if (!fields.has('lens')) return {}
  const read = fields.fields('lens')
  const channels = read.count('channels', 1, width)
  if (width % channels !== 0) invalid(`${read.path}.channels`, channels, `steps of equal width in ${width} columns`)
  const spans = read.numbers('spans', 1, spansMax)
  const steps = width / channels
  for (const [i, span] of spans.entries())
    if (!Number.isSafeInteger(span) || span <= (spans[i - 1] ?? 0) || span > steps)
      invalid(`${read.path}.spans[${i}]`, span, `ascending whole numbers from 1 to ${steps}`)
  const lens = { channels, spans, clip: read.positive('clip') }
  read.close()
  if (lensWidth(lens) > widthMax) invalid(read.path, lensWidth(lens), `at most ${widthMax} columns`)
  return { lens }
}

function sharpnessOf(fields: Fields): number {
  const sharpness = fields.number('sharpness')
  if (sharpness !== 0 && !(sharpness >= sharpnessMin && sharpness <= sharpnessMax))
    invalid(`${fields.path}.sharpness`, sharpness, `0, or ${sharpnessMin} to ${sharpnessMax}`)
  return sharpness
}

function bendOf(fields: Fields): { bend: 'asinh' } {
  return { bend: fields.choice('bend', ['asinh']) }
}

function ranksOf(fields: Fields): { ranks: DescribedRanks } {
  const read = fields.fields('ranks')
  const ranks = { knots: read.count('knots', 2, knotsMax) }
  read.close()
  return { ranks }
}

function networkOf(fields: Fields, width: number, path: string): DescribedNetwork {
  const layers = denseOf(fields.list('layers', 1, layersMax), width, path)
  if (!fields.has('categories')) return { layers }
  return { layers, categories: categoriesOf(fields.list('categories', 1, width), width) }
}

function divergenceOf(fields: Fields, network: DescribedNetwork): DescribedMember & { readonly kind: 'divergence' } {
  const code = fields.count('code', 0, network.layers.length - 1)
  const scale = fields.number('scale')
  if (!(scale > 0 && scale <= 3e38)) invalid(`${fields.path}.scale`, scale, 'a number above 0')
  const read = fields.fields('spread')
  const spread = layerOf(read)
  const means = network.layers[code]
  if (spread.inputs !== means?.inputs || spread.outputs !== means.outputs)
    invalid(read.path, `${spread.inputs} × ${spread.outputs}`, `${means?.inputs} × ${means?.outputs}`)
  return { kind: 'divergence', ...network, code, scale, spread }
}

function scoringOf(fields: Fields): DescribedScoring {
  const scoring = { kind: fields.choice('kind', ['mahalanobis', 'error-over-train']) }
  fields.close()
  return scoring
}

function categoriesOf(list: readonly Fields[], width: number): Shares['categories'] {
  let before = 0
  return list.map((category) => {
    const from = category.count('from', before, width - 1)
    before = category.count('to', from + 1, width)
    category.close()
    return { from, to: before }
  })
}

function layerOf(fields: Fields): DescribedLayer {
  const layer = {
    kind: fields.choice('kind', ['dense']),
    inputs: fields.count('inputs', 1, widthMax),
    outputs: fields.count('outputs', 1, widthMax),
    activation: activationOf(fields.fields('activation')),
  }
  fields.close()
  return layer
}

function denseOf(list: readonly Fields[], width: number, path: string): Omit<DenseLayer, 'weights' | 'bias'>[] {
  let inputs = width
  const layers = list.map((fields) => {
    const layer = layerOf(fields)
    if (layer.inputs !== inputs) invalid(fields.path, layer.inputs, `${inputs} inputs`)
    inputs = layer.outputs
    return layer
  })
  if (inputs !== width) invalid(path, inputs, `a last layer of ${width} outputs`)
  return layers
}
