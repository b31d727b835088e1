// CSV: a table of numbers for `fit` and `score`: a header, then numeric cells, matched by name. An empty cell is missing (NaN).
// Every fault names line, column and what was found; quoted names are understood, quoted cells may hold numbers.

import { Failure } from '../../libs/core/failure.ts'

export interface Table {
  readonly columns: readonly string[]
  readonly count: number
  /** Row-major, count × columns. */
  readonly cells: Float64Array
}

/** Largest number of columns. */
const columnsMax = 10_000

export function parseCsv(text: string, place: string): Table {
  const lines = text.split('\n')
  const header = (lines[0] ?? '').replace(/^\uFEFF/, '').trimEnd()
  if (header === '') throw new Failure('data-invalid', `${place}: empty; a header line with column names is needed`)
  const columns = header.split(',').map(unquote)
  if (columns.length > columnsMax) {
    throw new Failure('data-invalid', `${place}: ${columns.length} columns, at most ${columnsMax} are read`)
  }
  const twice = columns.find((name, i) => columns.indexOf(name) !== i)
  if (twice !== undefined) throw new Failure('data-invalid', `${place}: column ${twice} is named twice`)
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
    for (const [i, value] of values.entries()) cells.push(cell(value, place, line + 1, columns[i] ?? ''))
    count++
  }
  return { columns, count, cells: Float64Array.from(cells) }
}

function cell(text: string, place: string, line: number, column: string): number {
  const bare = unquote(text)
  if (bare === '') return Number.NaN
  const value = Number(bare)
  if (Number.isNaN(value) && bare.toLowerCase() !== 'nan') {
    throw new Failure(
      'data-invalid',
      `${place}: line ${line}, column ${column}: '${bare.slice(0, 40)}' is not a number; leave the column out with --drop ${column}, or encode it`,
    )
  }
  return Number.isFinite(value) ? value : Number.NaN
}

function unquote(text: string): string {
  const trimmed = text.trim()
  return trimmed.startsWith('"') && trimmed.endsWith('"') ? trimmed.slice(1, -1).replaceAll('""', '"') : trimmed
}

/** The named columns of a table as float32 rows, in the order of the names; Failure if one is absent. */
export function rowsOf(table: Table, names: readonly string[], place: string): Float32Array {
  const at = names.map((name) => {
    const index = table.columns.indexOf(name)
    if (index >= 0) return index
    throw new Failure('data-invalid', `${place}: no column ${name}; it has ${table.columns.slice(0, 20).join(', ')}`)
  })
  const rows = new Float32Array(table.count * names.length)
  const width = table.columns.length
  for (let row = 0; row < table.count; row++) {
    for (const [i, from] of at.entries()) rows[row * at.length + i] = table.cells[row * width + from] as number
  }
  return rows
}
