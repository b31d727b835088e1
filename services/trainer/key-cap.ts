// Key cap: no key gives more than evenShares times its even share of the rows that are learnt from, so that what is normal is
// not what one busy key does. With evenShares keys or fewer there is no cap: they are the stream. Rows of a capped key stay
// evenly over its time.
// Invariants
//   K1 afterwards no key has more than evenShares / keys of the rows, rounding apart.
//   K2 the same keys in the same order give the same rows.

export const evenShares = 10

export interface Capped {
  /** Indices of the rows that stay, ascending. */
  readonly stay: Uint32Array
  readonly dropped: number
}

/** `keys`: of each row, in order of time. */
export function capped(keys: Uint32Array): Capped {
  const counts = new Map<number, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  const most = capOf([...counts.values()])
  const seen = new Map<number, number>()
  const stay: number[] = []
  for (const [i, key] of keys.entries()) {
    const of = counts.get(key) ?? 1
    const nth = seen.get(key) ?? 0
    seen.set(key, nth + 1)
    if (of <= most || Math.floor(((nth + 1) * most) / of) > Math.floor((nth * most) / of)) stay.push(i)
  }
  return { stay: Uint32Array.from(stay), dropped: keys.length - stay.length }
}

/** Largest c with c ≤ share · Σ min(count, c): concave in c, so that it is left once. */
function capOf(counts: readonly number[]): number {
  const share = evenShares / counts.length
  const holds = (c: number): boolean => c <= share * counts.reduce((sum, count) => sum + Math.min(count, c), 0)
  let low = 1
  let high = counts.reduce((most, count) => Math.max(most, count), 1)
  if (share >= 1) return high
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (holds(middle)) low = middle
    else high = middle - 1
  }
  return low
}
