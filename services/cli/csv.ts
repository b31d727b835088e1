// CSV: a table of numbers for `fit` and `score`: a header, then numeric cells, matched by name. A cell that is empty or
// infinite is missing (NaN).
// Only the columns that are wanted are read, so that others may hold text. Every fault names line, column and what was
// found; quoted names are understood, quoted cells may hold numbers.

import { Failure } from '../../libs/core/failure.ts'
import { nearest } from '../../libs/core/near.ts'

export interface Table {
  /** The columns wanted, in the order they were asked for. */
  readonly columns: readonly string[]
  readonly count: number
  /** Row-major, count × columns. */
  readonly cells: Float32Array
}

/** Largest number of columns. */
const columnsMax = 10_000

/** `choose` answers which of the columns in the header are wanted; Failure if one is absent. */
export function parseCsv(text: string, place: string, choose: (header: readonly string[]) => readonly string[]): Table {
  const lines = text.split('\n')
  const header = (lines[0] ?? '').replace(/^\uFEFF/, '').trimEnd()
  if (header === '') throw new Failure('data-invalid', `${place}: empty; a header line with column names is needed`)
  const columns = header.split(',').map(unquote)
  if (columns.length > columnsMax) {
    throw new Failure('data-invalid', `${place}: ${columns.length} columns, at most ${columnsMax} are read`)
  }
  const twice = columns.find((name, i) => columns.indexOf(name) !== i)
  if (twice !== undefined) throw new Failure('data-invalid', `${place}: column ${twice} is named twice`)
  const wanted = choose(columns)
  const at = wanted.map((name) => indexOf(columns, name, place))
  const cells: number[] = []
  let count = 0
  for (let line = 1; line < lines.length; line++) {
    const row = (lines[line] ?? '').trimEnd()
    if (row === '') continue
    const values = row.split(',')
    if (values.length !== columns.length) {
      throw new Failure(
        'data-invalid',
        `${place}: line ${line + 1} has ${values.length} cells, the header ${columns.length} columns`,
      )
    }
    for (const i of at) cells.push(cell(values[i] ?? '', place, line + 1, columns[i] ?? ''))
    count++
  }
  return { columns: wanted, count, cells: Float32Array.from(cells) }
}

function indexOf(columns: readonly string[], name: string, place: string): number {
  const index = columns.indexOf(name)
  if (index >= 0) return index
  const meant = nearest(name, columns)
  const hint = meant === null ? `it has ${columns.slice(0, 20).join(', ')}` : `did you mean ${meant}?`
  throw new Failure('data-invalid', `${place}: no column ${name}; ${hint}`)
}

function cell(text: string, place: string, line: number, column: string): number {
  const bare = unquote(text)
  if (bare === '') return Number.NaN
  const value = Number(bare)
  if (Number.isNaN(value) && !/^[+-]?(nan|inf)$/i.test(bare)) {
    throw new Failure(
      'data-invalid',
      `${place}: line ${line}, column ${column}: '${bare.slice(0, 40)}' is not a number; leave the column out when learning (--drop ${column}), or encode it as numbers`,
    )
  }
  // Beyond the range of float32 it would be infinite.
  return Number.isFinite(Math.fround(value)) ? value : Number.NaN
}

function unquote(text: string): string {
  const trimmed = text.trim()
  return trimmed.startsWith('"') && trimmed.endsWith('"') ? trimmed.slice(1, -1).replaceAll('""', '"') : trimmed
}
