// Size: how wide, how narrow in the middle and how long to train, by rule from the rows' number and width. Chosen once on
// twelve public tables and a week of card payments, and never by table: shorter training won on both, because a network that
// has time to learn the identity reconstructs anomalies too. Rows wider than the hidden layer may be (windows, mostly) see
// smaller batches as well: they are many copies of few signals, and a fit is made several times over to calibrate it.

export interface Size {
  /** Columns of the one hidden layer on each side. */
  readonly hidden: number
  /** Columns of the code. */
  readonly code: number
  readonly batchRows: number
  readonly steps: number
}

const hiddenColumns = 64
const narrowWidthMax = 12
const batchRowsMax = 256
const wideBatchRowsMax = 64
const stepsMin = 400
const stepsMax = 1000
/** Times that a long training set is seen at least, up to stepsMax. */
const passesMin = 2

export function sizeOf(count: number, width: number): Size {
  const batchRows = Math.min(width > hiddenColumns ? wideBatchRowsMax : batchRowsMax, count)
  const passes = Math.ceil((passesMin * count) / batchRows)
  return {
    hidden: hiddenColumns,
    code: width <= narrowWidthMax ? Math.ceil(width / 2) : Math.ceil(1.5 * Math.sqrt(width)),
    batchRows,
    steps: Math.min(stepsMax, Math.max(stepsMin, passes)),
  }
}
