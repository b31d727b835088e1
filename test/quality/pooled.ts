// Counts of a detector at its own threshold, pooled over several series.

export interface Pooled {
  readonly f1: number
  /** False alarms of all normal rows, in percent. */
  readonly falsePercent: number
  /** Anomalous rows that were missed, in percent. */
  readonly missedPercent: number
}

export function pooled(
  series: readonly { readonly alarms: ArrayLike<boolean>; readonly labels: ArrayLike<number> }[],
): Pooled {
  let [hits, falses, missed, quiet] = [0, 0, 0, 0]
  for (const { alarms, labels } of series) {
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] === 1) alarms[i] ? hits++ : missed++
      else alarms[i] ? falses++ : quiet++
    }
  }
  return {
    f1: hits === 0 ? 0 : hits / (hits + (falses + missed) / 2),
    falsePercent: (100 * falses) / (falses + quiet),
    missedPercent: (100 * missed) / (missed + hits),
  }
}
