// Pane: what is kept of the numbers of one pane of a window, by kind, and how numbers and panes come together. Switches,
// not methods of an object a kind: loops that run for several kinds would then call what no compiler can look into.
// Spread is kept as the sum of squared deviations within each pane (Youngs and Cramer, 1971) and combined across panes by
// their means (Chan, Golub and LeVeque, 1979): exact enough where the mean is far greater than the spread.

/** Their count · count and sum · these and the squared deviations from their mean · the least. */
export type PaneKind = 'count' | 'sum' | 'spread' | 'least'

interface PaneShape {
  /** How each number of a pane is stored where it is not the pane of now. */
  readonly stored: readonly ('count' | 'double' | 'float')[]
  /** Each number in a pane without records. */
  readonly empty: number
}

export const paneShapes: Readonly<Record<PaneKind, PaneShape>> = {
  count: { stored: ['count'], empty: 0 },
  sum: { stored: ['count', 'double'], empty: 0 },
  spread: { stored: ['count', 'double', 'float'], empty: 0 },
  least: { stored: ['float'], empty: Number.POSITIVE_INFINITY },
}

/** Adds x to the pane at cells[at …]. */
export function add(kind: PaneKind, cells: Float64Array, at: number, x: number): void {
  if (kind === 'least') {
    if (x < cells[at]!) cells[at] = x
    return
  }
  const n = cells[at]! + 1
  cells[at] = n
  if (kind === 'count') return
  const sum = cells[at + 1]! + x
  cells[at + 1] = sum
  if (kind === 'sum' || n === 1) return
  const d = n * x - sum
  cells[at + 2] = cells[at + 2]! + (d * d) / (n * (n - 1))
}

/** Writes the panes at a[i …] and b[j …] together to out[at …]; out may be one of them. */
export function combine(
  kind: PaneKind,
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  out: Float64Array,
  at: number,
): void {
  if (kind === 'least') {
    out[at] = Math.min(a[i]!, b[j]!)
    return
  }
  if (kind === 'spread') out[at + 2] = squares(a[i]!, a[i + 1]!, a[i + 2]!, b[j]!, b[j + 1]!, b[j + 2]!)
  if (kind !== 'count') out[at + 1] = a[i + 1]! + b[j + 1]!
  out[at] = a[i]! + b[j]!
}

/** Squared deviations of two panes from their common mean. */
function squares(n: number, sum: number, squared: number, n2: number, sum2: number, squared2: number): number {
  if (n === 0) return squared2
  if (n2 === 0) return squared
  const d = sum / n - sum2 / n2
  return squared + squared2 + ((n * n2) / (n + n2)) * d * d
}
