// Description: everything of a model that is not a tensor, as JSON text in the artefact's metadata; and its parser, which
// turns text from outside into typed values or refuses it.
// Invariants
//   D1 what parses has known kinds only, whole numbers where counts are meant, finite numbers, and sizes within limits.
//   D2 layers chain from `width` to `width`.
//   D3 fields that are not known are refused: a newer writer must change the format, not be half understood.

import { Failure } from '../core/failure.ts'
import { besideOf, type DescribedBeside, describeBeside } from './description-beside.ts'
import { Fields, invalid } from './description-fields.ts'
import { type DescribedMember, describeMember, memberOf, membersMax, widthMax } from './description-member.ts'
import type { Calibration, Combination, Json, Layout, Model, Scaler, Tail } from './model.ts'

/** Places at which a member's surprise is given. */
const surpriseKnotsMax = 1024

export interface Description extends Omit<Model, 'scaler' | 'members' | 'calibration' | keyof DescribedBeside> {
  readonly beside: DescribedBeside
  readonly scaler: Pick<Scaler, 'clip'>
  readonly members: readonly DescribedMember[]
  readonly calibration: Omit<Calibration, 'knotScores' | 'knotPs' | 'keys'>
}
/** What JSON.stringify is to be given. */
export function describe(model: Model): Json {
  const { kind, width, layout, scaler, members, combination, calibration, manifest, gate, parent } = model
  const { alpha, threshold, method, count, tail } = calibration
  return {
    kind,
    width,
    layout: { revision: layout.revision, features: layout.features, groups: [...layout.groups] },
    scaler: { clip: scaler.clip },
    members: members.map(describeMember),
    combination: describeCombination(combination),
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
    ...describeBeside(model),
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
  const members = top.list('members', 1, membersMax).map((member) => memberOf(member, width))
  const description: Description = {
    kind: top.text('kind'),
    width,
    layout: layoutOf(top.fields('layout'), width),
    scaler: { clip: scalerOf(top.fields('scaler')) },
    members,
    combination: combinationOf(top.fields('combination'), members.length),
    calibration: calibrationOf(top.fields('calibration')),
    manifest: top.take('manifest') as Json,
    gate: top.take('gate') as Json,
    parent,
    beside: besideOf(top, width),
  }
  top.close()
  return description
}

function describeCombination(combination: Combination): Json {
  if (combination.kind === 'mean') return { kind: combination.kind }
  const { kind, sharpness, parts } = combination
  const described = parts.map(({ weight, surprise: { at, nats, rate } }) => ({ weight, at, nats, rate }))
  return { kind, sharpness, parts: described }
}

function combinationOf(fields: Fields, members: number): Combination {
  const kind = fields.choice('kind', ['mean', 'surprise'])
  if (kind === 'mean') {
    fields.close()
    return { kind }
  }
  const sharpness = fields.positive('sharpness')
  const parts = fields.list('parts', members, members).map((part) => {
    const weight = part.positive('weight')
    const at = part.numbers('at', 1, surpriseKnotsMax)
    const nats = part.numbers('nats', at.length, at.length)
    const rate = part.number('rate')
    if (at.some((x, i) => x <= (at[i - 1] ?? 0))) invalid(`${part.path}.at`, at, 'numbers that ascend from above 0')
    if (nats.some((x, i) => x < (nats[i - 1] ?? 0))) invalid(`${part.path}.nats`, nats, 'numbers that rise from 0')
    if (rate < 0) invalid(`${part.path}.rate`, rate, 'a number of at least 0')
    part.close()
    return { weight, surprise: { at, nats, rate } }
  })
  fields.close()
  return { kind, sharpness, parts }
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
