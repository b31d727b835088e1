// Expectation: what members expect of a row that the engine has examined, in the row's own units.
// Invariants
//   E1 nothing outside of the range that a column had in training is expected; where that is not known, nothing farther from
//      its mean than rows can be: the scaler's clip.

import { valueBentTo } from './bend.ts'
import type { View } from './engine.ts'
import { lensBlock } from './lens.ts'
import type { Lens, Member, Scaler } from './model.ts'
import { valueSeenAs } from './ranks.ts'

/** Of every column what the member expects, within the range; the row's own value (if missing, the mean) where it says nothing. */
export function expectedOf(member: Member, view: View, row: Float32Array, scaler: Scaler): Float32Array {
  const { mean, inverseScale } = scaler
  const sums = new Float64Array(row.length)
  const voices = new Float64Array(row.length)
  addExpected(member, view.reconstructed, sums, voices)
  const lens = lensOf(member)
  if (lens !== undefined) addEarlier(lens, view.reconstructed, sums, voices)
  const out = mean.slice()
  for (let column = 0; column < row.length; column++) {
    if (inverseScale[column] === 0) continue
    if (voices[column] === 0) out[column] = Number.isNaN(row[column]!) ? mean[column]! : row[column]!
    else out[column] = within(scaler, column, mean[column]! + clipped(sums[column]!, scaler) / inverseScale[column]!)
  }
  return out
}

/** Adds what a member expects of each column, in scaled units, and a voice where it says something. */
export function addExpected(
  member: Member,
  reconstructed: Float32Array,
  sums: Float64Array,
  voices: Float64Array,
): void {
  const lens = lensOf(member)
  const ranks = 'ranks' in member ? member.ranks : undefined
  const bend = 'bend' in member ? member.bend : undefined
  const first = lens === undefined ? 0 : sums.length - lens.channels
  for (let column = first; column < sums.length; column++) {
    const inverse = lens === undefined ? 1 : lens.inverse[column - first]!
    const center = lens === undefined ? 0 : lens.center[column - first]!
    const seen = reconstructed[column - first]!
    if (bend !== undefined) sums[column]! += valueBentTo(bend, column, seen)
    else if (ranks !== undefined) sums[column]! += valueSeenAs(ranks, column, seen)
    else if (inverse !== 0) sums[column]! += center + seen / inverse
    voices[column]!++
  }
}

/** Of an earlier step a lens shows no more than means over it and all later ones; the shortest of them stands for it. */
function addEarlier(lens: Lens, reconstructed: Float32Array, sums: Float64Array, voices: Float64Array): void {
  const { channels, spans, center, inverse } = lens
  const block = lensBlock(lens)
  const steps = sums.length / channels
  for (let back = 1; back < steps; back++) {
    const span = spans.findIndex((length) => length > back)
    if (span < 0) return
    for (let channel = 0; channel < channels; channel++) {
      const column = (steps - 1 - back) * channels + channel
      const at = span * block + channel
      if (inverse[at] !== 0) sums[column]! += center[at]! + reconstructed[at]! / inverse[at]!
      voices[column]!++
    }
  }
}

export function clipped(z: number, { clip }: Scaler): number {
  return Math.max(-clip, Math.min(clip, z))
}

export function within({ range }: Scaler, column: number, value: number): number {
  return range === undefined ? value : Math.max(range.low[column]!, Math.min(range.high[column]!, value))
}

export function lensOf(member: Member): Lens | undefined {
  return 'lens' in member ? member.lens : undefined
}

/** The member that tells each column by a linear rule from the others, and never uses the column itself. */
export function isLinear(member: Member): boolean {
  return member.kind === 'dense' && member.layers.length === 1
}

/** Whether what it expects depends on the row. */
export function looks(member: Member): boolean {
  switch (member.kind) {
    case 'dense':
    case 'sequence':
    case 'neighbours':
      return true
    // The network of a divergence is one of the dense members.
    case 'divergence':
    case 'histogram':
      return false
    default:
      return member satisfies never
  }
}
