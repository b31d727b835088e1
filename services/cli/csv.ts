// CSV: a table of numbers for `fit` and `score`: a header, then numeric cells, matched by name. A cell that is empty or
// infinite is missing (NaN).
// Only the columns that are wanted are read, so that others may hold text. Every fault names line, column and what was
// found. Invariants
//   V1 rows and cells are those of RFC 4180: quoted cells hold commas, line breaks and doubled quotes. Beyond it lines may
//      end in LF alone, and spaces around a cell or its quotes do not count.
//   V2 an empty line is a row where there is one column, whose cell is missing; where there are more it is passed over.

import { Failure } from '../../libs/core/failure.ts'
import { textHash } from '../../libs/core/hash.ts'
import { nearest } from '../../libs/core/near.ts'

export interface Table {
  /** The columns wanted, in the order they were asked for. */
  readonly columns: readonly string[]
  readonly count: number
  /** Row-major, count × columns. */
  readonly cells: Float32Array
  /** Of each row, 32 bits of the hash of its cell in the column of keys; none without such a column. */
  readonly keys: Uint32Array
}

/** Largest number of columns. */
const columnsMax = 10_000

/** `choose` answers which of the columns in the header are wanted; Failure if one, or that of keys, is absent. */
export function parseCsv(
  text: string,
  place: string,
  choose: (header: readonly string[]) => readonly string[],
  key: string | null = null,
): Table {
  const rows = rowsOf(text.replace(/^\uFEFF/, ''), place)
  const columns = rows.next().value?.cells ?? ['']
  if (columns.every((name) => name === '')) {
    throw new Failure('data-invalid', `${place}: empty; a header line with column names is needed`)
  }
  if (columns.length > columnsMax) {
    throw new Failure('data-invalid', `${place}: ${columns.length} columns, at most ${columnsMax} are read`)
  }
  const twice = columns.find((name, i) => columns.indexOf(name) !== i)
  if (twice !== undefined) throw new Failure('data-invalid', `${place}: column ${twice} is named twice`)
  const wanted = choose(columns)
  const at = wanted.map((name) => indexOf(columns, name, place))
  const keyAt = key === null ? null : indexOf(columns, key, place)
  const keys: number[] = []
  const cells: number[] = []
  let count = 0
  for (const { line, cells: found } of rows) {
    if (columns.length > 1 && found.length === 1 && found[0]?.trim() === '') continue
    if (found.length !== columns.length) {
      throw new Failure(
        'data-invalid',
        `${place}: line ${line} has ${found.length} cells, the header ${columns.length} columns`,
      )
    }
    for (const i of at) cells.push(cell(found[i] ?? '', place, line, columns[i] ?? ''))
    if (keyAt !== null) keys.push(textHash((found[keyAt] ?? '').trim()))
    count++
  }
  return { columns: wanted, count, cells: Float32Array.from(cells), keys: Uint32Array.from(keys) }
}

function indexOf(columns: readonly string[], name: string, place: string): number {
  const index = columns.indexOf(name)
  if (index >= 0) return index
  const meant = nearest(name, columns)
  const hint = meant === null ? `it has ${columns.slice(0, 20).join(', ')}` : `did you mean ${meant}?`
  throw new Failure('data-invalid', `${place}: no column ${name}; ${hint}`)
}

function cell(text: string, place: string, line: number, column: string): number {
  const bare = text.trim()
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

export interface Row {
  /** The line that it begins on, from 1. */
  readonly line: number
  readonly cells: readonly string[]
}

/** Lines as rows of cells, the header among them. */
export function* rowsOf(text: string, place: string): Generator<Row, undefined> {
  let line = 1
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf('\n', at)
    const end = found < 0 ? text.length : found
    const plain = text.slice(at, end)
    if (line > 1 && !plain.includes('"')) {
      yield { line, cells: plain.split(',') }
      at = end + 1
      line++
      continue
    }
    const cells: string[] = []
    const from = at
    at = quotedRow(text, at, cells, `${place}: line ${line}`)
    yield { line, cells }
    line += text.slice(from, at).split('\n').length - 1
  }
}

const untilQuote = /[ \t]*"?/y
const untilComma = /[^,\n]*/y

/** Takes a row cell by cell; answers where the next one begins. */
function quotedRow(text: string, from: number, cells: string[], place: string): number {
  for (let at = from; ; at++) {
    const opened = matched(untilQuote, text, at)
    let value: string | null = null
    if (opened.endsWith('"')) {
      const begin = at + opened.length
      at = closingQuote(text, begin, place)
      value = text.slice(begin, at).replaceAll('""', '"')
      at++
    }
    const rest = matched(untilComma, text, at)
    if (value !== null && rest.trim() !== '') {
      throw new Failure(
        'data-invalid',
        `${place}: '${rest.slice(0, 40)}' follows a closing quote; double quotes in a cell`,
      )
    }
    cells.push(value ?? rest.trim())
    at += rest.length
    if (text[at] !== ',') return at + 1
  }
}

function matched(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}

function closingQuote(text: string, begin: number, place: string): number {
  for (let at = begin; ; at += 2) {
    at = text.indexOf('"', at)
    if (at < 0) throw new Failure('data-invalid', `${place}: a quote is opened that nothing closes`)
    if (text[at + 1] !== '"') return at
  }
}
