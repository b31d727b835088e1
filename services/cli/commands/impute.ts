// impute: fills the missing cells of a table with what a detector expects there; or, to see what that is worth, hides known
// cells and says how near they are filled in, beside the median of their column.

import { errorsOf, medians, withGaps } from '../../../libs/detector/spoilt.ts'
import type { Context } from '../context.ts'
import { restorable } from '../restorable.ts'
import { restoredText } from '../restored-text.ts'
import { tableLines, writeTable } from '../table-text.ts'

export interface ImputeOptions {
  readonly detector: string
  readonly out: string | null
  /** Share of the known cells to hide. */
  readonly check: number | null
}

export function imputeTable(context: Context, file: string, options: ImputeOptions): void {
  const { columns, cells, deviations, filled } = restorable(context, file, options.detector)
  if (options.check === null) {
    writeTable(context, options.out, tableLines(columns, filled(cells)))
    return
  }
  const gaps = withGaps(cells, options.check, context.settings.seed)
  const middle = medians(gaps, columns.length)
  const baseline = gaps.map((value, i) => (Number.isNaN(value) ? (middle[i % columns.length] ?? value) : value))
  const errors = errorsOf(cells, gaps, { restored: filled(gaps), baseline }, deviations)
  context.say(restoredText(errors, { columns, restored: 'filled', baseline: 'median' }, context.json))
}
