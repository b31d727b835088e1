// Load: artefact bytes to a detector, or a Failure that says what was found. Everything is checked before anything is
// given out, so that whoever holds a detector may swap it in with an assignment; `load` may be called beforehand, off the
// path of records.
// Invariants
//   L1 checked in this order: hash (when a version is expected), form, digest, shapes, limits, finiteness, revision (when
//      one is expected), golden vectors.
//   L2 golden vectors: the same bits from the WebAssembly kernel, |Δ| ≤ 1e-5 + 1e-4·|s| from the twin.

import { Failure } from '../core/failure.ts'
import { sha256, textHash } from '../core/hash.ts'
import { parseArtefact, type StoredModel } from './artefact.ts'
import type { Detector } from './detector.ts'
import { type Engine, engine, rowsMax } from './engine.ts'
import { explainer } from './explain.ts'
import { type Kernel, kernel } from './kernel/kernel.ts'
import { factorOf } from './key-factors.ts'
import type { Model } from './model.ts'
import { pValue } from './threshold.ts'

export interface Expected {
  /** The version that the bytes must have; what a trusted place said. */
  readonly version?: string
  /** The stream revision that the detector must understand. */
  readonly revision?: string
}

export function load(bytes: Uint8Array, expected: Expected, make: (bytes: number) => Kernel = kernel): Detector {
  const version = sha256(bytes)
  if (expected.version !== undefined && expected.version !== version) {
    throw new Failure(
      'artefact-invalid',
      `artefact: the bytes have the version ${version}; ${expected.version} is expected`,
    )
  }
  const model = parseArtefact(bytes)
  if (expected.revision !== undefined && expected.revision !== model.layout.revision) {
    throw new Failure(
      'artefact-mismatch',
      `artefact ${version} is for the stream revision ${model.layout.revision}; ${expected.revision} is expected: train again`,
    )
  }
  const running = engine(model, make)
  checkGolden(model, running)
  return detector(model, version, running)
}

/** A detector of a model that is at hand, as the trainer needs it before there is an artefact. */
export function detector(model: Model, version: string, running: Engine = engine(model)): Detector {
  const { keys } = model.calibration
  return {
    version,
    revision: model.layout.revision,
    kind: model.kind,
    width: model.width,
    threshold: model.calibration.threshold,
    factorMin: keys === null ? 1 : keys.factors.reduce((least, factor) => Math.min(least, factor), 1),
    factorOf: (key) => (keys === null ? 1 : factorOf(keys, textHash(key))),
    hasFactors: keys !== null,
    tailShape: model.calibration.tail?.shape ?? null,
    rowsMax,
    input: running.input,
    score: running.score,
    pValue: (score) => pValue(model.calibration, score),
    explain: explainer(model, running),
  }
}

function checkGolden(model: StoredModel, running: Engine): void {
  const { rows, scores } = model.golden
  const found = new Float32Array(scores.length)
  running.input.set(rows)
  running.score(scores.length, found)
  for (let i = 0; i < scores.length; i++) {
    const wanted = scores[i]!
    const agrees =
      running.kernel === 'wasm' ? found[i] === wanted : Math.abs(found[i]! - wanted) <= 1e-5 + 1e-4 * Math.abs(wanted)
    if (agrees) continue
    throw new Failure('artefact-invalid', `artefact: golden row ${i} scores ${found[i]} here; ${wanted} is expected`)
  }
}
