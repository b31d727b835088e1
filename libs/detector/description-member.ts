// Description member: what of a member is not a tensor, as JSON, and its parser. The invariants are those of description.ts.

import { type Fields, invalid } from './description-fields.ts'
import {
  type Activation,
  type DenseLayer,
  type Json,
  type Member,
  neighboursMax,
  type Scoring,
  type Shares,
} from './model.ts'
import type { Grid, LayerForm } from './sequence.ts'

/** Columns of a row or outputs of a layer. */
export const widthMax = 8192
export const membersMax = 64
export const layersMax = 64
/** Rows that a member remembers. */
export const storedMax = 65_536
/** Steps of a window, those that a kernel reaches over, and values of all steps together. */
const stepsMax = 1024
const gridMax = 65_536

type DescribedScoring = { readonly kind: Scoring['kind'] }
export type DescribedMember =
  | {
      readonly kind: 'dense'
      readonly layers: readonly Omit<DenseLayer, 'weights' | 'bias'>[]
      readonly categories?: Shares['categories']
      readonly scoring: DescribedScoring
    }
  | { readonly kind: 'sequence'; readonly layers: readonly LayerForm[]; readonly scoring: DescribedScoring }
  | {
      readonly kind: 'neighbours'
      readonly count: number
      readonly neighbours: number
      readonly scoring: DescribedScoring
    }

export function describeMember(member: Member): Json {
  const scoring = { kind: member.scoring.kind }
  switch (member.kind) {
    case 'dense': {
      const layers = member.layers.map(({ kind, inputs, outputs, activation }) => {
        return { kind, inputs, outputs, activation: describeActivation(activation) }
      })
      if (member.shares === undefined) return { kind: member.kind, layers, scoring }
      const categories = member.shares.categories.map(({ from, to }) => ({ from, to }))
      return { kind: member.kind, layers, categories, scoring }
    }
    case 'sequence':
      return { kind: member.kind, layers: member.layers.map(({ form }) => describeForm(form)), scoring }
    case 'neighbours':
      return { kind: member.kind, count: member.count, neighbours: member.neighbours, scoring }
    default:
      return member satisfies never
  }
}

function describeForm(form: LayerForm): Json {
  const { kind, input, output } = form
  const grids = { input: describeGrid(input), output: describeGrid(output) }
  switch (kind) {
    case 'convolution':
    case 'transposed': {
      const { kernel, stride, activation } = form
      return { kind, ...grids, kernel, stride, activation: describeActivation(activation) }
    }
    default:
      return kind satisfies never
  }
}

function describeGrid({ steps, channels }: Grid): Json {
  return { steps, channels }
}

function describeActivation(activation: Activation): Json {
  return activation.kind === 'leaky-relu'
    ? { kind: activation.kind, alpha: activation.alpha }
    : { kind: activation.kind }
}

export function memberOf(fields: Fields, width: number): DescribedMember {
  const kind = fields.choice('kind', ['dense', 'sequence', 'neighbours'])
  const content = contentOf(kind, fields, width)
  const scoring = fields.fields('scoring')
  const known = ['mahalanobis', 'error-over-train', ...(kind === 'neighbours' ? ['distance' as const] : [])] as const
  const described = { ...content, scoring: { kind: scoring.choice('kind', known) } }
  scoring.close()
  fields.close()
  return described
}

type Content<M = DescribedMember> = M extends DescribedMember ? Omit<M, 'scoring'> : never

function contentOf(kind: DescribedMember['kind'], fields: Fields, width: number): Content {
  const path = `${fields.path}.layers`
  switch (kind) {
    case 'dense': {
      const layers = denseOf(fields.list('layers', 1, layersMax), width, path)
      if (!fields.has('categories')) return { kind, layers }
      return { kind, layers, categories: categoriesOf(fields.list('categories', 1, width), width) }
    }
    case 'sequence':
      return { kind, layers: formsOf(fields.list('layers', 1, layersMax), width, path) }
    case 'neighbours': {
      const count = fields.count('count', 1, storedMax)
      return { kind, count, neighbours: fields.count('neighbours', 1, Math.min(neighboursMax, count)) }
    }
    default:
      return kind satisfies never
  }
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

function categoriesOf(list: readonly Fields[], width: number): Shares['categories'] {
  let before = 0
  return list.map((category) => {
    const from = category.count('from', before, width - 1)
    before = category.count('to', from + 1, width)
    category.close()
    return { from, to: before }
  })
}

function formsOf(list: readonly Fields[], width: number, path: string): LayerForm[] {
  const forms = list.map((layer) => formOf(layer))
  let before: Grid | null = null
  for (const [i, { input, output }] of forms.entries()) {
    const size = input.steps * input.channels
    if (before === null && size !== width) invalid(`${path}[${i}].input`, size, `${width} values`)
    if (before !== null && (before.steps !== input.steps || before.channels !== input.channels))
      invalid(`${path}[${i}].input`, `${input.steps} × ${input.channels}`, `${before.steps} × ${before.channels}`)
    before = output
  }
  const [first, last] = [forms[0]?.input, forms.at(-1)?.output]
  if (first?.steps !== last?.steps || first?.channels !== last?.channels)
    invalid(path, `${last?.steps} × ${last?.channels}`, `a last output of ${first?.steps} × ${first?.channels}`)
  return forms
}

function formOf(fields: Fields): LayerForm {
  const kind = fields.choice('kind', ['convolution', 'transposed'])
  const [input, output] = [gridOf(fields.fields('input')), gridOf(fields.fields('output'))]
  const kernel = fields.count('kernel', 1, stepsMax)
  const stride = fields.count('stride', 1, kernel)
  const [wide, narrow] = kind === 'convolution' ? [input, output] : [output, input]
  const expected = Math.ceil(wide.steps / stride)
  if (narrow.steps !== expected) invalid(fields.path, narrow.steps, `${expected} steps at a stride of ${stride}`)
  const form = { kind, input, output, kernel, stride, activation: activationOf(fields.fields('activation')) }
  fields.close()
  return form
}

function gridOf(fields: Fields): Grid {
  const grid = { steps: fields.count('steps', 1, stepsMax), channels: fields.count('channels', 1, widthMax) }
  if (grid.steps * grid.channels > gridMax)
    invalid(fields.path, grid.steps * grid.channels, `at most ${gridMax} values`)
  fields.close()
  return grid
}

function activationOf(fields: Fields): Activation {
  const kind = fields.choice('kind', ['linear', 'relu', 'tanh', 'sigmoid', 'leaky-relu'])
  const activation = kind === 'leaky-relu' ? { kind, alpha: fields.number('alpha') } : { kind }
  // The kernel computes max(x, alpha · x), which is this activation for no other alpha.
  if (activation.kind === 'leaky-relu' && !(activation.alpha >= 0 && activation.alpha <= 1)) {
    invalid('model.members.layers.alpha', activation.alpha, 'a number from 0 to 1')
  }
  fields.close()
  return activation
}
