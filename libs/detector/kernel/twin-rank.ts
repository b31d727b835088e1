// The twin's ranks: assembly/rank.ts in plain TypeScript, to the same bits. Positions are in words.

const f = Math.fround

/** What `x` is seen as by the table of a column: its places at `at`, and what is seen there at `seen`. */
export function rank(heap: Float32Array, x: number, knots: number, at: number, seen: number): number {
  if (x < heap[at]!) return heap[seen]!
  let low = 0
  let high = knots
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (heap[at + middle]! <= x) low = middle
    else high = middle
  }
  const from = heap[seen + low]!
  if (high === knots) return from
  const start = heap[at + low]!
  const share = f(f(x - start) / f(heap[at + high]! - start))
  return f(from + f(share * f(heap[seen + high]! - from)))
}
