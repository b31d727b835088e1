// Artefact: a model as one run of safetensors bytes, with golden vectors: rows and the scores that the model gave them
// when it was written. The version of a detector is the SHA-256 of these bytes.
// Invariants
//   A1 parse(write(model)) is the model; equal models give equal bytes.
//   A2 what parses satisfies the model's invariants M1 to M3, is finite and within the limits below.
//   A3 any change of any byte is refused: the metadata carries a digest of the description and of all numbers, and bytes
//      that are not exactly what `artefact` writes for their content are refused.
// Whoever wants to be safe from forgery compares the version with one from a trusted place; the digest finds damage only.

import assert from 'node:assert/strict'
import { Failure } from '../core/failure.ts'
import { sha256 } from '../core/hash.ts'
import { putBeside, takeBeside } from './artefact-beside.ts'
import { putKeys, takeKeys } from './artefact-keys.ts'
import { putMember, takeMember } from './artefact-member.ts'
import { type Description, describe, parseDescription } from './description.ts'
import { engine } from './engine.ts'
import type { Model, Scaler } from './model.ts'
import { readSafetensors, type Tensor, type Tensors, writeSafetensors } from './safetensors.ts'

export const artefactFormat = 'plumbline-detector-1'
/** Golden vectors of an artefact. */
export const goldenRowsMin = 8
const goldenRowsMax = 32

/** Rows in row units (a missing value is NaN) and the scores that they must get. */
export interface Golden {
  readonly rows: Float32Array
  readonly scores: Float32Array
}

export interface StoredModel extends Model {
  readonly golden: Golden
}

/** The model as bytes. `rows` are rows of the stream (stride = width), of which the first 32 become golden vectors. */
export function artefact(model: Model, rows: Float32Array): Uint8Array {
  const count = Math.min(goldenRowsMax, Math.floor(rows.length / model.width))
  assert.ok(count >= goldenRowsMin, `an artefact needs ${goldenRowsMin} golden rows; ${count} were given`)
  const golden = { rows: rows.slice(0, count * model.width), scores: new Float32Array(count) }
  const running = engine(model)
  running.input.set(golden.rows)
  running.score(count, golden.scores)
  const bytes = write(model, golden)
  parseArtefact(bytes)
  return bytes
}

export function parseArtefact(bytes: Uint8Array): StoredModel {
  const { metadata, tensors } = readSafetensors(bytes)
  const format = metadata.get('format')
  if (format !== artefactFormat) invalid(`the format is ${JSON.stringify(format)}; ${artefactFormat} is expected`)
  const text = metadata.get('model') ?? invalid('the metadata has no model')
  const found = digest(text, tensors)
  if (metadata.get('digest') !== found) invalid(`the content has the digest ${found}, not the one it states`)
  const model = assemble(parseDescription(text), new Map(tensors))
  if (!Buffer.from(write(model, model.golden)).equals(bytes)) invalid('the bytes are not in the form that is written')
  return model
}

function write(model: Model, golden: Golden): Uint8Array {
  const tensors = new Map<string, Tensor>()
  const { width } = model
  const put = (name: string, values: Float32Array, ...shape: readonly number[]): void => {
    tensors.set(name, { shape: shape.length === 0 ? [values.length] : shape, values })
  }
  put('scaler.mean', model.scaler.mean)
  put('scaler.inverse_scale', model.scaler.inverseScale)
  if (model.scaler.range !== undefined) {
    put('scaler.low', model.scaler.range.low)
    put('scaler.high', model.scaler.range.high)
  }
  model.members.forEach((member, m) => {
    putMember(put, `member.${m}`, member, width)
  })
  put('calibration.knot_scores', model.calibration.knotScores)
  put('calibration.knot_ps', model.calibration.knotPs)
  putKeys(put, model.calibration.keys)
  put('golden.rows', golden.rows, golden.scores.length, width)
  put('golden.scores', golden.scores)
  putBeside(put, model)
  const text = JSON.stringify(describe(model))
  const metadata = new Map([
    ['format', artefactFormat],
    ['digest', digest(text, tensors)],
    ['model', text],
  ])
  return writeSafetensors({ metadata, tensors })
}

/** Description and tensors as a model; every tensor is used once, has the shape that is implied, and is finite. */
function assemble(description: Description, tensors: Map<string, Tensor>): StoredModel {
  const { beside: described, ...own } = description
  const { width, members, calibration } = own
  const take = (name: string, ...shape: readonly (number | null)[]): Float32Array => {
    const tensor = tensors.get(name) ?? invalid(`there is no tensor ${name}`)
    const fits =
      tensor.shape.length === shape.length && shape.every((extent, i) => extent === null || extent === tensor.shape[i])
    if (!fits)
      invalid(
        `tensor ${name} has the shape [${tensor.shape.join(', ')}]; [${shape.map((e) => e ?? 'any').join(', ')}] is expected`,
      )
    tensors.delete(name)
    return tensor.values
  }
  const finite = (name: string, ...shape: readonly (number | null)[]): Float32Array => {
    const values = take(name, ...shape)
    const bad = values.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) invalid(`tensor ${name} holds ${values[bad]} at ${bad}`)
    return values
  }
  const positive = (name: string, ...shape: readonly (number | null)[]): Float32Array => {
    const values = finite(name, ...shape)
    const bad = values.findIndex((value) => value <= 0)
    if (bad >= 0) invalid(`tensor ${name} holds ${values[bad]} at ${bad}; more than 0 is expected`)
    return values
  }
  const scaler = {
    mean: finite('scaler.mean', width),
    inverseScale: finite('scaler.inverse_scale', width),
    clip: description.scaler.clip,
    ...(tensors.has('scaler.low') ? { range: rangeOf(finite('scaler.low', width), finite('scaler.high', width)) } : {}),
  }
  const built = members.map((member, m) => takeMember({ finite, positive }, `member.${m}`, member, width))
  const knotScores = finite('calibration.knot_scores', null)
  const knotPs = positive('calibration.knot_ps', knotScores.length)
  checkKnots(knotScores, knotPs)
  const keys = takeKeys({ finite, positive }, (name) => tensors.has(name))
  const scores = finite('golden.scores', null)
  if (scores.length < goldenRowsMin || scores.length > goldenRowsMax)
    invalid(`there are ${scores.length} golden vectors`)
  const golden = { rows: take('golden.rows', scores.length, width), scores }
  if (golden.rows.includes(Number.POSITIVE_INFINITY) || golden.rows.includes(Number.NEGATIVE_INFINITY)) {
    invalid('a golden row is not finite')
  }
  const beside = takeBeside({ finite, positive }, take, described, width)
  if (tensors.size > 0) invalid(`unknown tensors: ${[...tensors.keys()].join(', ')}`)
  return {
    ...own,
    ...beside,
    scaler,
    members: built,
    calibration: { ...calibration, knotScores, knotPs, keys },
    golden,
  }
}

function rangeOf(low: Float32Array, high: Float32Array): NonNullable<Scaler['range']> {
  const bad = low.findIndex((value, column) => value > high[column]!)
  if (bad >= 0) invalid(`the range of column ${bad} ends before it begins`)
  return { low, high }
}

function checkKnots(scores: Float32Array, ps: Float32Array): void {
  for (let i = 0; i < scores.length; i++) {
    if (ps[i]! > 1) invalid(`calibration knot ${i} has p = ${ps[i]}`)
    if (i > 0 && !(scores[i]! > scores[i - 1]!)) invalid(`calibration knot ${i} does not ascend`)
    if (i > 0 && ps[i]! > ps[i - 1]!) invalid(`calibration knot ${i} has a larger p than the one before`)
  }
}

/** Of the description and of every tensor's name and numbers, in their order. */
function digest(text: string, tensors: Tensors['tensors']): string {
  const parts: (string | Uint8Array)[] = [text]
  for (const [name, { shape, values }] of tensors) {
    parts.push(`\0${name}:${shape.join(',')}\0`, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  return sha256(...parts)
}

function invalid(found: string): never {
  throw new Failure('artefact-invalid', `artefact: ${found}`)
}
