// Rate: how often rows in the order of time alarm, with its 95 % interval. Alarms of neighbouring rows come together (one
// incident, one calm or restless hour), so that many rows may say as little as a few: the interval is that of as many
// independent rows as the rates of blocks of time, by how far they lie apart, would come from.
// Sources: Wilson (1927) for the interval; batch means, Conway (1963).

export interface Rate {
  readonly rate: number
  readonly low: number
  readonly high: number
}

const blocks = 16
const z95 = 1.96

export function alarmRate(scores: Float32Array, threshold: number): Rate {
  const count = scores.length
  const alarms = above(scores, threshold, 0, count)
  const rate = alarms / count
  return { rate, ...interval(rate, count / dispersion(scores, threshold, rate)) }
}

/** That a rate among `count` independent rows lies in with 95 %. */
export function interval(rate: number, count: number): Pick<Rate, 'low' | 'high'> {
  const square = z95 * z95
  const centre = (rate + square / (2 * count)) / (1 + square / count)
  const half = (z95 * Math.sqrt((rate * (1 - rate)) / count + square / (4 * count * count))) / (1 + square / count)
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}

/** Variance of the blocks' alarms over what it would be if rows were independent; at least 1. */
function dispersion(scores: Float32Array, threshold: number, rate: number): number {
  if (rate === 0 || rate === 1) return 1
  let sum = 0
  for (let block = 0; block < blocks; block++) {
    const from = Math.floor((block * scores.length) / blocks)
    const to = Math.floor(((block + 1) * scores.length) / blocks)
    const expected = (to - from) * rate
    sum += (above(scores, threshold, from, to) - expected) ** 2 / (expected * (1 - rate))
  }
  return Math.max(1, sum / (blocks - 1))
}

function above(scores: Float32Array, threshold: number, from: number, to: number): number {
  let found = 0
  for (let i = from; i < to; i++) if ((scores[i] ?? 0) > threshold) found++
  return found
}
