// Metrics of a ranking against labels, exact under ties: rows of equal score enter together. A higher score is more
// anomalous; a label is 1 for an anomaly. A score that is not a number counts as 0.

export interface PointMetrics {
  /** P(the score of an anomaly > that of a normal row) + half of P(equal). */
  readonly auroc: number
  /** Σ (recall gained) × precision, over groups of equal score from the top. */
  readonly averagePrecision: number
  /** F1 with the threshold at the P-th largest score, P the number of anomalies. */
  readonly f1AtN: number
  /** The best F1 of any threshold; it uses the labels. */
  readonly bestF1: number
}

export function pointMetrics(given: ArrayLike<number>, labels: ArrayLike<number>): PointMetrics {
  const scores = Float64Array.from(given, (score) => (Number.isNaN(score) ? 0 : score))
  const order = descending(scores)
  const count = order.length
  let anomalies = 0
  for (let i = 0; i < count; i++) anomalies += labels[i]!
  const normals = count - anomalies
  let hits = 0
  let misses = 0
  let above = 0
  let averagePrecision = 0
  let bestF1 = 0
  let f1AtN = Number.NaN
  for (let from = 0; from < count; ) {
    let to = from
    let gained = 0
    while (to < count && scores[order[to]!] === scores[order[from]!]) gained += labels[order[to++]!]!
    const wrong = to - from - gained
    above += wrong * (hits + gained / 2)
    hits += gained
    misses += wrong
    averagePrecision += (gained / anomalies) * (hits / (hits + misses))
    const f1 = (2 * hits) / (to + anomalies)
    bestF1 = Math.max(bestF1, f1)
    if (Number.isNaN(f1AtN) && to >= anomalies) f1AtN = f1
    from = to
  }
  return { auroc: above / (anomalies * normals), averagePrecision, f1AtN, bestF1 }
}

function descending(scores: Float64Array): Uint32Array {
  return Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b)
}

/** What card precision needs to know of a payment. */
export interface Payments {
  readonly days: Int32Array
  readonly cards: Int32Array
  readonly labels: Uint8Array
}

/**
 * Card precision at `top`: each day the cards with the highest scores are looked at, those found earlier left out; the share
 * of them with a fraud that day, mean over the days. Ties: the lower card first.
 */
export function cardPrecision(scores: ArrayLike<number>, payments: Payments, top = 100): number[] {
  const found = new Set<number>()
  const perDay: number[] = []
  const days = [...new Set(payments.days)].sort((a, b) => a - b)
  for (const day of days) {
    const cards = new Map<number, { score: number; fraud: boolean }>()
    for (let i = 0; i < payments.days.length; i++) {
      const card = payments.cards[i]!
      if (payments.days[i] !== day || found.has(card)) continue
      const seen = cards.get(card) ?? { score: Number.NEGATIVE_INFINITY, fraud: false }
      cards.set(card, { score: Math.max(seen.score, scores[i]!), fraud: seen.fraud || payments.labels[i] === 1 })
    }
    const ranked = [...cards].sort(([a, x], [b, y]) => y.score - x.score || a - b).slice(0, top)
    const caught = ranked.filter(([, { fraud }]) => fraud)
    for (const [card] of caught) found.add(card)
    perDay.push(caught.length / top)
  }
  return perDay
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Standard deviation of the values themselves (divided by n). */
export function spread(values: readonly number[]): number {
  const middle = mean(values)
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)))
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
