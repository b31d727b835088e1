// Description: everything of a model that is not a tensor, as JSON text in the artefact's metadata; and its parser, which
// turns text from outside into typed values or refuses it.
// Invariants
//   D1 what parses has known kinds only, whole numbers where counts are meant, finite numbers, and sizes within limits.
//   D2 layers chain from `width` to `width`.
//   D3 fields that are not known are refused: a newer writer must change the format, not be half understood.

import { Failure } from '../core/failure.ts'
import type {
  Activation,
  Calibration,
  DenseLayer,
  Json,
  Layout,
  Member,
  Model,
  Scaler,
  Scoring,
  Tail,
} from './model.ts'

/** Columns of a row or outputs of a layer. */
export const widthMax = 8192
export const membersMax = 64
export const layersMax = 64

export interface Description extends Omit<Model, 'scaler' | 'members' | 'calibration'> {
  readonly scaler: Pick<Scaler, 'clip'>
  readonly members: readonly DescribedMember[]
  readonly calibration: Omit<Calibration, 'knotScores' | 'knotPs'>
}
export interface DescribedMember {
  readonly kind: Member['kind']
  readonly layers: readonly Omit<DenseLayer, 'weights' | 'bias'>[]
  readonly scoring: { readonly kind: Scoring['kind'] }
}

/** What JSON.stringify is to be given. */
export function describe(model: Model): Json {
  const { kind, width, layout, scaler, members, calibration, manifest, gate, parent } = model
  const { alpha, threshold, method, count, tail } = calibration
  return {
    kind,
    width,
    layout: { revision: layout.revision, features: layout.features, groups: [...layout.groups] },
    scaler: { clip: scaler.clip },
    members: members.map((member) => ({
      kind: member.kind,
      layers: member.layers.map(({ kind, inputs, outputs, activation }) => ({
        kind,
        inputs,
        outputs,
        activation:
          activation.kind === 'leaky-relu'
            ? { kind: activation.kind, alpha: activation.alpha }
            : { kind: activation.kind },
      })),
      scoring: { kind: member.scoring.kind },
    })),
    calibration: {
      alpha,
      threshold,
      method,
      count,
      tail:
        tail === null
          ? null
          : { level: tail.level, shape: tail.shape, scale: tail.scale, excesses: tail.excesses, count: tail.count },
    },
    manifest,
    gate,
    parent,
  }
}

export function parseDescription(text: string): Description {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new Failure('artefact-invalid', `artefact: the model's description is not JSON: ${String(cause)}`, cause)
  }
  const top = new Fields(json, 'model')
  const width = top.count('width', 1, widthMax)
  const parent = top.take('parent')
  if (parent !== null && typeof parent !== 'string') invalid('model.parent', parent, 'a version or null')
  const description: Description = {
    kind: top.text('kind'),
    width,
    layout: layoutOf(top.fields('layout'), width),
    scaler: { clip: scalerOf(top.fields('scaler')) },
    members: top.list('members', 1, membersMax).map((member) => memberOf(member, width)),
    calibration: calibrationOf(top.fields('calibration')),
    manifest: top.take('manifest') as Json,
    gate: top.take('gate') as Json,
    parent,
  }
  top.close()
  return description
}

function layoutOf(fields: Fields, width: number): Layout {
  const revision = fields.text('revision')
  const features = fields.take('features')
  const groups = fields.take('groups')
  if (!Array.isArray(features) || features.length > width || !features.every((name) => typeof name === 'string')) {
    invalid('model.layout.features', features, `at most ${width} names`)
  }
  const known = (group: unknown): boolean =>
    Number.isInteger(group) && (group as number) >= 0 && (group as number) < features.length
  if (!Array.isArray(groups) || groups.length !== width || !groups.every(known)) {
    invalid('model.layout.groups', groups, `${width} indices below ${features.length}`)
  }
  fields.close()
  return { revision, features, groups: Int32Array.from(groups) }
}

function scalerOf(fields: Fields): number {
  const clip = fields.number('clip')
  if (!(clip > 0 && clip <= 3e38)) invalid('model.scaler.clip', clip, 'a number above 0')
  fields.close()
  return clip
}

function memberOf(fields: Fields, width: number): DescribedMember {
  const kind = fields.choice('kind', ['dense'])
  let inputs = width
  const layers = fields.list('layers', 1, layersMax).map((layer) => {
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
  if (inputs !== width) invalid(`${fields.path}.layers`, inputs, `a last layer of ${width} outputs`)
  const scoring = fields.fields('scoring')
  const described = { kind, layers, scoring: { kind: scoring.choice('kind', ['mahalanobis', 'error-over-train']) } }
  scoring.close()
  fields.close()
  return described
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

function calibrationOf(fields: Fields): Description['calibration'] {
  const alpha = fields.number('alpha')
  const threshold = fields.number('threshold')
  if (!(alpha > 0 && alpha < 1)) invalid('model.calibration.alpha', alpha, 'a rate between 0 and 1')
  if (!(threshold >= 0)) invalid('model.calibration.threshold', threshold, 'a number of at least 0')
  const method = fields.choice('method', ['conformal', 'pareto'])
  const count = fields.count('count', 0, Number.MAX_SAFE_INTEGER)
  const tail = fields.take('tail')
  const described = {
    alpha,
    threshold,
    method,
    count,
    tail: tail === null ? null : tailOf(new Fields(tail, 'model.calibration.tail')),
  }
  fields.close()
  return described
}

function tailOf(fields: Fields): Tail {
  const tail = {
    level: fields.number('level'),
    shape: fields.number('shape'),
    scale: fields.number('scale'),
    excesses: fields.count('excesses', 1, Number.MAX_SAFE_INTEGER),
    count: fields.count('count', 1, Number.MAX_SAFE_INTEGER),
  }
  if (!(tail.scale > 0)) invalid('model.calibration.tail.scale', tail.scale, 'a number above 0')
  if (tail.excesses > tail.count) invalid('model.calibration.tail.excesses', tail.excesses, `at most ${tail.count}`)
  fields.close()
  return tail
}

/** An object from outside, read field by field; `close` refuses what was not asked for. */
class Fields {
  readonly path: string
  readonly #left: Map<string, unknown>

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) invalid(path, value, 'an object')
    this.path = path
    this.#left = new Map(Object.entries(value))
  }

  take(name: string): unknown {
    if (!this.#left.has(name)) invalid(`${this.path}.${name}`, 'nothing', 'a value')
    const value = this.#left.get(name)
    this.#left.delete(name)
    return value
  }

  text(name: string): string {
    const value = this.take(name)
    return typeof value === 'string' ? value : invalid(`${this.path}.${name}`, value, 'a text')
  }

  number(name: string): number {
    const value = this.take(name)
    return typeof value === 'number' && Number.isFinite(value)
      ? value
      : invalid(`${this.path}.${name}`, value, 'a number')
  }

  count(name: string, min: number, max: number): number {
    const value = this.number(name)
    const fits = Number.isSafeInteger(value) && value >= min && value <= max
    return fits ? value : invalid(`${this.path}.${name}`, value, `a whole number from ${min} to ${max}`)
  }

  choice<const T extends string>(name: string, known: readonly T[]): T {
    const value = this.take(name)
    return known.find((item) => item === value) ?? invalid(`${this.path}.${name}`, value, `one of ${known.join(', ')}`)
  }

  fields(name: string): Fields {
    return new Fields(this.take(name), `${this.path}.${name}`)
  }

  list(name: string, min: number, max: number): Fields[] {
    const value = this.take(name)
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      invalid(`${this.path}.${name}`, value, `a list of ${min} to ${max}`)
    }
    return value.map((item, i) => new Fields(item, `${this.path}.${name}[${i}]`))
  }

  close(): void {
    const unknown = [...this.#left.keys()]
    if (unknown.length > 0) invalid(this.path, unknown.join(', '), 'no such field')
  }
}

function invalid(path: string, found: unknown, expected: string): never {
  const text = typeof found === 'string' ? found : JSON.stringify(found)
  throw new Failure('artefact-invalid', `artefact: ${path}: found ${text?.slice(0, 100)}, expected ${expected}`)
}
