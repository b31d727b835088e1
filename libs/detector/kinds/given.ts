// The member of rows that are one number which says already how unusual they are (novelty.ts, in libs/stream): it expects 0,
// and what it says is the number's square. Nothing is learnt and nothing is scaled, so that scores of one detector mean what
// those of another do.

import { alike, type Fitted } from './kind.ts'

/** z is the number, with a margin of what it can be. */
const clip = 1000

/** The scaler that leaves rows of one column as they are. */
export const asGiven = { mean: Float32Array.of(0), inverseScale: Float32Array.of(1), clip } as const

export function given(): Fitted {
  const layer = { kind: 'dense', inputs: 1, outputs: 1, activation: { kind: 'linear' } } as const
  return {
    members: [
      {
        kind: 'dense',
        layers: [{ ...layer, weights: Float32Array.of(0), bias: Float32Array.of(0) }],
        scoring: { kind: 'error-over-train', trainError: Float32Array.of(1) },
      },
    ],
    together: alike,
    backend: 'none',
    losses: [],
  }
}
