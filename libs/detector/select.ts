// Selection: which rows a fit learns from, when a few among them may be anomalous. Those with the highest scores of a first
// fit are left out of the second, and so on: small shares only, since a trimmed anomaly and a trimmed rare normal row look
// alike. Off unless asked for: without labels it is worth little, while feedback and exclusions double the precision.

export interface Trim {
  /** Share of the training rows left out in each round, 0 to 0.05. */
  readonly share: number
  readonly rounds: number
}

export const trimShareMax = 0.05

/** Positions of the rows that stay, in order: all but the `share` with the highest scores (ties stay). */
export function keptRows(scores: Float32Array, share: number): Int32Array {
  const count = scores.length
  const dropped = Math.floor(count * Math.min(share, trimShareMax))
  if (dropped === 0) return Int32Array.from({ length: count }, (_, i) => i)
  const limit = scores.slice().sort()[count - dropped - 1]!
  const positions: number[] = []
  for (let i = 0; i < count; i++) if (scores[i]! <= limit || Number.isNaN(scores[i]!)) positions.push(i)
  return Int32Array.from(positions)
}
