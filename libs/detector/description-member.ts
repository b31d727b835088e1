// Description member: what of a member is not a tensor, as JSON, and its parser. The invariants are those of description.ts.

import { type Fields, invalid } from './description-fields.ts'
import { activationOf, describeActivation, describeForm, formsOf } from './description-form.ts'
import { type DenseLayer, type Json, type Member, neighboursMax, type Scoring, type Shares } from './model.ts'
import type { LayerForm } from './sequence.ts'

/** Columns of a row or outputs of a layer. */
export const widthMax = 8192
export const membersMax = 64
export const layersMax = 64
/** Rows that a member remembers. */
export const storedMax = 65_536
/** Bins of a column. */
const binsMax = 1024

type DescribedScoring = { readonly kind: Scoring['kind'] }
export type DescribedMember =
  | {
      readonly kind: 'dense'
      readonly layers: readonly Omit<DenseLayer, 'weights' | 'bias'>[]
      readonly categories?: Shares['categories']
      readonly scoring: DescribedScoring
    }
  | { readonly kind: 'sequence'; readonly layers: readonly LayerForm[]; readonly scoring: DescribedScoring }
  | { readonly kind: 'neighbours'; readonly count: number; readonly neighbours: number; readonly probes: number }
  | { readonly kind: 'histogram'; readonly bins: number; readonly base: number }

export function describeMember(member: Member): Json {
  switch (member.kind) {
    case 'dense': {
      const layers = member.layers.map(({ kind, inputs, outputs, activation }) => {
        return { kind, inputs, outputs, activation: describeActivation(activation) }
      })
      const scoring = { kind: member.scoring.kind }
      if (member.shares === undefined) return { kind: member.kind, layers, scoring }
      const categories = member.shares.categories.map(({ from, to }) => ({ from, to }))
      return { kind: member.kind, layers, categories, scoring }
    }
    case 'sequence': {
      const layers = member.layers.map(({ form }) => describeForm(form))
      return { kind: member.kind, layers, scoring: { kind: member.scoring.kind } }
    }
    case 'neighbours':
      return { kind: member.kind, count: member.count, neighbours: member.neighbours, probes: member.probes }
    case 'histogram':
      return { kind: member.kind, bins: member.bins, base: member.base }
    default:
      return member satisfies never
  }
}

export function memberOf(fields: Fields, width: number): DescribedMember {
  const kind = fields.choice('kind', ['dense', 'sequence', 'neighbours', 'histogram'])
  const described = describedOf(kind, fields, width)
  fields.close()
  return described
}

function describedOf(kind: DescribedMember['kind'], fields: Fields, width: number): DescribedMember {
  const path = `${fields.path}.layers`
  switch (kind) {
    case 'dense': {
      const layers = denseOf(fields.list('layers', 1, layersMax), width, path)
      const scoring = scoringOf(fields.fields('scoring'))
      if (!fields.has('categories')) return { kind, layers, scoring }
      return { kind, layers, categories: categoriesOf(fields.list('categories', 1, width), width), scoring }
    }
    case 'sequence': {
      const layers = formsOf(fields.list('layers', 1, layersMax), width, path)
      return { kind, layers, scoring: scoringOf(fields.fields('scoring')) }
    }
    case 'neighbours': {
      const count = fields.count('count', 1, storedMax)
      const neighbours = fields.count('neighbours', 1, Math.min(neighboursMax, count))
      return { kind, count, neighbours, probes: fields.count('probes', 1, neighboursMax) }
    }
    case 'histogram':
      return { kind, bins: fields.count('bins', 1, binsMax), base: fields.number('base') }
    default:
      return kind satisfies never
  }
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

function denseOf(list: readonly Fields[], width: number, path: string): Omit<DenseLayer, 'weights' | 'bias'>[] {
  let inputs = width
  const layers = list.map((layer) => {
    const found = layer.count('inputs', 1, widthMax)
    if (found !== inputs) invalid(layer.path, found, `${inputs} inputs`)
    inputs = layer.count('outputs', 1, widthMax)
    const described = {
      kind: layer.choice('kind', ['dense']),
      inputs: found,
      outputs: inputs,
      activation: activationOf(layer.fields('activation')),
    }
    layer.close()
    return described
  })
  if (inputs !== width) invalid(path, inputs, `a last layer of ${width} outputs`)
  return layers
}
