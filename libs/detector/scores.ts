// Scores: what a model says of many rows, by the engine that will serve it.

import { Failure } from '../core/failure.ts'
import { type Engine, engine, rowsMax } from './engine.ts'
import type { Model } from './model.ts'

/** Scores of rows (stride = width). */
export function scoresOf(model: Model, rows: Float32Array): Float32Array {
  const scores = new Float32Array(rows.length / model.width)
  run(model, rows, (from, part) => scores.set(part, from))
  return scores
}

/** The scores of each member by itself. */
export function memberScoresOf(model: Model, rows: Float32Array): Float32Array[] {
  const count = rows.length / model.width
  const scores = model.members.map(() => new Float32Array(count))
  run(model, rows, (from, { length }, { memberScores }) => {
    for (const [m, own] of scores.entries()) own.set(memberScores[m]?.subarray(0, length) ?? [], from)
  })
  return scores
}

function run(
  model: Model,
  rows: Float32Array,
  take: (from: number, scores: Float32Array, running: Engine) => void,
): void {
  const running = engine(model)
  const count = rows.length / model.width
  const part = new Float32Array(rowsMax)
  for (let from = 0; from < count; from += rowsMax) {
    const size = Math.min(rowsMax, count - from)
    running.input.set(rows.subarray(from * model.width, (from + size) * model.width))
    running.score(size, part)
    const scores = part.subarray(0, size)
    if (!scores.every(Number.isFinite))
      throw new Failure('training-failed', 'the model gives scores that are not finite')
    take(from, scores, running)
  }
}
