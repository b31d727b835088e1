// The member of rows that are one number which says already how unusual they are (novelty.ts, in libs/stream): it expects 0,
// and what it says is the number's square. Nothing is learnt and nothing is scaled, so that scores of one detector mean what
// those of another do. That also tells how rare a loud row is where the history is too short to: as rare as in noise, which
// calibrates beside the history. (A history of the first few hundred values alone is louder than what follows it: less was
// seen before. On 31 single metrics thresholds for 0.1 % then left half of the incidents unheard.)

import { Random } from '../../core/random.ts'
import { noveltiesOf } from '../../stream/novelty-feature.ts'
import { alike, type Fitted } from './kind.ts'

/** More than z can be. */
const clip = 1000
/** As many as have a dozen loud rows at the rate of one in a thousand; a history of more outweighs them. */
const noiseValues = 10_000
const noiseSeed = 1

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
    known: scoresOfNoise(),
    backend: 'none',
    losses: [],
  }
}

function scoresOfNoise(): Float32Array {
  const random = new Random(noiseSeed)
  const noise = Float32Array.from({ length: noiseValues }, () => random.normal())
  return noveltiesOf(noise).map((novelty) => novelty * novelty)
}
