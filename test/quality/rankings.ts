// Rankings: the features of a row by how much each is to blame for an alarm, as explanations have it and as simpler rules do.

import { type Engine, engine } from '../../libs/detector/engine.ts'
import { lensOf } from '../../libs/detector/expectation.ts'
import { explainer } from '../../libs/detector/explain.ts'
import { lensBlock } from '../../libs/detector/lens.ts'
import type { Member, Model } from '../../libs/detector/model.ts'

/**
 * error: the square of what a network (without one, the first member) reconstructs wrongly. error, relative: over its mean
 * in training. deviation: how far the value itself is from the mean, in deviations.
 */
export const rivals = ['error', 'error, relative', 'deviation'] as const
export type Rival = (typeof rivals)[number]

/** Of each feature, the more the more it is to blame. */
export type Ranking = (row: Float32Array) => Float64Array

/** Training rows that tell the usual errors, at most. */
const usualRows = 1000
const errorMin = 1e-6

export interface Rankings {
  readonly explained: (row: Float32Array) => { readonly blame: Float64Array } & ReturnType<ReturnType<typeof explainer>>
  readonly by: Readonly<Record<Rival, Ranking>>
}

export function rankings(model: Model, train: Float32Array): Rankings {
  const { width, scaler, layout } = model
  const features = layout.features.length
  const running = engine(model)
  const explain = explainer(model, running)
  const errors = errorsBy(model, running)
  const usual = new Float64Array(features).fill(errorMin)
  const every = Math.max(1, Math.floor(train.length / width / usualRows))
  for (let at = 0; at + width <= train.length; at += every * width) {
    const own = errors(train.subarray(at, at + width))
    for (let f = 0; f < features; f++) usual[f]! += own[f]!
  }
  return {
    explained: (row) => {
      const explanation = explain(row)
      const blame = new Float64Array(features)
      for (const [column, share] of explanation.contributions.entries()) blame[layout.groups[column]!]! += share
      return { blame, ...explanation }
    },
    by: {
      error: errors,
      'error, relative': (row) => errors(row).map((error, f) => error / usual[f]!),
      deviation: (row) => {
        const most = new Float64Array(features)
        for (let j = 0; j < width; j++) {
          const f = layout.groups[j]!
          most[f] = Math.max(most[f]!, Math.abs((row[j]! - scaler.mean[j]!) * scaler.inverseScale[j]!))
        }
        return most
      },
    },
  }
}

function errorsBy({ members, layout, width, scaler }: Model, running: Engine): Ranking {
  const isNetwork = (member: Member): boolean => member.kind === 'dense' && member.layers.length > 1
  const m = Math.max(0, members.findIndex(isNetwork))
  const lens = lensOf(members[m]!)
  return (row) => {
    running.side.set(row)
    running.examine()
    const { residual, reconstructed } = running.views[m]!
    const errors = new Float64Array(layout.features.length)
    if (lens === undefined) {
      for (let j = 0; j < width; j++) {
        const z = (row[j]! - scaler.mean[j]!) * scaler.inverseScale[j]!
        errors[layout.groups[j]!]! += (z - reconstructed[j]!) ** 2
      }
      return errors
    }
    const block = lensBlock(lens)
    for (let i = 0; i < residual.length; i++)
      if (i % block < lens.channels) errors[layout.groups[i % block]!]! += residual[i]! ** 2
    return errors
  }
}

/** Features in the order of their blame, ties in their own order. */
export function ranked(blame: Float64Array): number[] {
  return Array.from(blame.keys()).sort((a, b) => blame[b]! - blame[a]! || a - b)
}
