// Combination: one score of a row from those of its members.
// Invariants
//   N1 scores are finite and ≥ 0 whatever the members say, and rise (never fall) with each of theirs.
// Members of different kinds speak in different units, so each score is first turned into how surprising it is among
// normal rows, in nats; then ln of the weighted mean of exp(sharpness · nats) lets the loudest lead: a row that one member
// finds absurd is anomalous though the others shrug.

import { exp, log } from '../core/elementary.ts'
import type { Combination, Surprise } from './model.ts'

const scoreMax = 3.4028234663852886e38

/** Fills `scores` from the first `count` scores of each member. */
export type Combine = (count: number, members: readonly Float32Array[], scores: Float32Array) => void

export function combine(combination: Combination): Combine {
  switch (combination.kind) {
    case 'mean':
      return mean
    case 'surprise':
      return surprised(combination)
    default:
      return combination satisfies never
  }
}

const mean: Combine = (count, members, scores) => {
  const share = 1 / members.length
  for (let row = 0; row < count; row++) {
    let sum = 0
    for (let m = 0; m < members.length; m++) sum += members[m]![row]!
    scores[row] = bounded(sum * share)
  }
}

type Surprised = Combination & { readonly kind: 'surprise' }

function surprised({ sharpness, parts }: Surprised): Combine {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0)
  const shares = Float64Array.from(parts, ({ weight }) => weight / total)
  const voices = parts.map(({ surprise }) => new Voice(surprise, sharpness))
  let sums = new Float64Array(0)
  return (count, members, scores) => {
    if (sums.length < count) sums = new Float64Array(count)
    sums.fill(0, 0, count)
    for (let m = 0; m < voices.length; m++) voices[m]!.add(count, members[m]!, shares[m]!, sums)
    for (let row = 0; row < count; row++) {
      const sum = sums[row]!
      scores[row] =
        sum < Number.MAX_VALUE
          ? Math.max(0, log(sum) / sharpness)
          : loudest({ voices, shares, sharpness }, members, row)
    }
  }
}

interface Heard {
  readonly voices: readonly Voice[]
  readonly shares: Float64Array
  readonly sharpness: number
}

/** Of a row so absurd that its loudness is no number: the same in logarithms, about the largest. */
function loudest({ voices, shares, sharpness }: Heard, members: readonly Float32Array[], row: number): number {
  const loud = voices.map((voice, m) => voice.sharpness * voice.nats(bounded(members[m]![row]!)) + log(shares[m]!))
  const most = Math.max(...loud)
  return bounded((most + log(loud.reduce((sum, each) => sum + exp(each - most), 0))) / sharpness)
}

/** Scores with the same leading bits share a bucket: 64 to a power of two, so that hardly two places lie in one. */
const bucketBits = 17
const buckets = 1 << (31 - bucketBits)
const single = new Float32Array(1)
const bits = new Uint32Array(single.buffer)

function leastIn(bucket: number): number {
  bits[0] = bucket << bucketBits
  return single[0]!
}

/** A member's score as loudness, exp(sharpness · nats of surprise), straight between the places of its surprise. */
class Voice {
  readonly sharpness: number
  readonly #surprise: Surprise
  readonly #at: Float64Array
  readonly #loudness: Float64Array
  /** Of the loudness, from each place to the next. */
  readonly #slopes: Float64Array
  /** Of each bucket of scores, the last place that is not above all of it (at least the first). */
  readonly #guide: Uint16Array

  constructor(surprise: Surprise, sharpness: number) {
    this.sharpness = sharpness
    this.#surprise = surprise
    this.#at = Float64Array.from(surprise.at)
    this.#loudness = Float64Array.from(surprise.nats, (nats) => exp(sharpness * nats))
    this.#slopes = this.#loudness.map((loudness, i) => {
      return i + 1 < this.#at.length ? (this.#loudness[i + 1]! - loudness) / (this.#at[i + 1]! - this.#at[i]!) : 0
    })
    let place = 0
    this.#guide = Uint16Array.from({ length: buckets }, (_, bucket) => {
      while (place + 1 < this.#at.length && this.#at[place + 1]! <= leastIn(bucket)) place++
      return place
    })
  }

  /** Adds to `sums` its share of the loudness of each score. */
  add(count: number, scores: Float32Array, share: number, sums: Float64Array): void {
    const [at, values, slopes, guide] = [this.#at, this.#loudness, this.#slopes, this.#guide]
    const [first, last] = [at[0]!, at[at.length - 1]!]
    for (let row = 0; row < count; row++) {
      const score = scores[row]!
      if (score > first && score < last) {
        single[0] = score
        let low = guide[bits[0]! >>> bucketBits]!
        while (at[low + 1]! <= score) low++
        sums[row]! += share * (values[low]! + (score - at[low]!) * slopes[low]!)
      } else sums[row]! += share * this.#outside(bounded(score))
    }
  }

  /** The loudness of a score that lies not between the first place and the last. */
  #outside(score: number): number {
    if (!(score > this.#at[0]!)) return this.#loudness[0]!
    return this.#loudness[this.#at.length - 1]! * exp(this.sharpness * this.#beyond(score))
  }

  nats(score: number): number {
    const last = this.#at.length - 1
    if (score < this.#at[last]!) {
      const sum = new Float64Array(1)
      this.add(1, Float32Array.of(score), 1, sum)
      return log(sum[0]!) / this.sharpness
    }
    return this.#surprise.nats[last]! + this.#beyond(score)
  }

  /** Nats above those of the last place. */
  #beyond(score: number): number {
    return this.#surprise.rate * log(score / this.#at[this.#at.length - 1]!)
  }
}

/** What part of a row's score is each member's, from their scores; the sum is 1, or all are 0. */
export function parting(combination: Combination): (scores: readonly number[]) => number[] {
  const weigh = weighing(combination)
  return (scores) => {
    const weights = weigh(scores.map(bounded))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    return weights.map((weight) => (total > 0 ? weight / total : 0))
  }
}

function weighing(combination: Combination): (scores: readonly number[]) => readonly number[] {
  switch (combination.kind) {
    case 'mean':
      return (scores) => scores
    case 'surprise': {
      const { sharpness, parts } = combination
      const voices = parts.map(({ surprise }) => new Voice(surprise, sharpness))
      return (scores) => {
        const nats = voices.map((voice, m) => sharpness * voice.nats(scores[m]!))
        const most = Math.max(...nats)
        return parts.map(({ weight }, m) => weight * exp(nats[m]! - most))
      }
    }
    default:
      return combination satisfies never
  }
}

/** What is no number, or too large for one of 32 bits, is the largest of them. */
function bounded(score: number): number {
  // biome-ignore lint/complexity/useMathMinMax: Math.min answers NaN for what is no number.
  return score < scoreMax ? score : scoreMax
}
