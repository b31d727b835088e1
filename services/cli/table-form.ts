// Table form: what the rows of a table are to a detector: its values as they are, or, where an ensemble is given one column,
// a series: each value's novelty among those before it (libs/stream/novelty.ts), in the order of the file. The revision in a
// detector's layout says which, so that it is applied to what it learnt from, from the first row of a file on.

import { sha256 } from '../../libs/core/hash.ts'
import type { Layout } from '../../libs/detector/model.ts'
import { noveltiesOf } from '../../libs/stream/novelty-feature.ts'
import type { DetectorKind } from '../../libs/stream/spec.ts'

export type TableForm = 'values' | 'novelties'

const revisionLength = 16

export function formOf(kind: DetectorKind, columns: readonly string[]): TableForm {
  return kind === 'ensemble' && columns.length === 1 ? 'novelties' : 'values'
}

/** That of the layout of a detector for windows of so many rows of these columns. */
export function revisionOf(columns: readonly string[], window: number, form: TableForm): string {
  const meaning = form === 'values' ? [columns, window] : [columns, window, form]
  return sha256(JSON.stringify(meaning)).slice(0, revisionLength)
}

export function formIn({ features, revision }: Layout): TableForm {
  return revision === revisionOf(features, 1, 'novelties') ? 'novelties' : 'values'
}

/** What a series is made of; rows of one key are one. */
interface Cells {
  readonly cells: Float32Array
  readonly keys?: Uint32Array
}

/** The rows that a detector reads, of a table of `stride` columns whose first ones it was made for. */
export function rowsIn(form: TableForm, { cells, keys }: Cells, stride = 1): Float32Array {
  if (form === 'values') return cells
  const rows = cells.slice()
  for (const own of seriesOf(cells.length / stride, keys ?? new Uint32Array(0))) {
    const series = Float32Array.from(own, (row) => cells[row * stride] ?? Number.NaN)
    for (const [i, novelty] of noveltiesOf(series).entries()) rows[(own[i] ?? 0) * stride] = novelty
  }
  return rows
}

/** Rows of each key, in order; all of them where there are no keys. */
function seriesOf(count: number, keys: Uint32Array): Iterable<readonly number[]> {
  const series = new Map<number, number[]>()
  for (let row = 0; row < count; row++) {
    const key = keys[row] ?? 0
    const own = series.get(key)
    if (own === undefined) series.set(key, [row])
    else own.push(row)
  }
  return series.values()
}
