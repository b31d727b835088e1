// Restored text: how near cells were restored, for people a line a column, with --json one object.

import type { Restored } from '../../libs/detector/spoilt.ts'

export interface Words {
  readonly columns: readonly string[]
  /** What the two errors are of. */
  readonly restored: string
  readonly baseline: string
}

const digits = 4

export function restoredText(errors: Restored, words: Words, json: boolean): string {
  const pair = (each: { readonly restored: number; readonly baseline: number }): Record<string, number> => ({
    [words.restored]: each.restored,
    [words.baseline]: each.baseline,
  })
  if (json) {
    const { cells, mean, root } = errors
    const columns = errors.columns.map((each, j) => ({ column: words.columns[j], cells: each.cells, ...pair(each) }))
    return JSON.stringify({ cells, mean: pair(mean), root: pair(root), columns })
  }
  const line = (name: string, each: { readonly restored: number; readonly baseline: number }): string =>
    [name, each.restored.toPrecision(digits), each.baseline.toPrecision(digits)].join('\t')
  const lines = [
    `mean absolute error over ${errors.cells} cells\t${words.restored}\t${words.baseline}`,
    ...errors.columns.flatMap((each, j) => (each.cells === 0 ? [] : [line(words.columns[j] ?? '', each)])),
    line('all, in standard deviations', errors.mean),
    line('all, root mean square', errors.root),
  ]
  return lines.join('\n')
}
