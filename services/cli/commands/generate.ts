// generate: rows that a variational detector makes up, as a table; or, beside given rows, how like these they are.

import { Failure } from '../../../libs/core/failure.ts'
import { generate } from '../../../libs/detector/generate.ts'
import { type Likeness, likeness } from '../../../libs/detector/two-sample.ts'
import type { Context } from '../context.ts'
import { parseCsv, type Table } from '../csv.ts'
import { valuesDetector } from '../table-detector.ts'
import { tableLines, writeTable } from '../table-text.ts'

export interface GenerateOptions {
  readonly detector: string
  readonly out: string | null
  readonly against: string | null
  readonly like: string | null
}

const digits = 3

export function generateTable(context: Context, count: number, options: GenerateOptions): void {
  const { files } = context
  const { detector, against, like, out } = options
  const { model, columns, window } = valuesDetector(files, detector)
  if (window > 1) throw new Failure('usage', `${detector} was learnt from windows; rows are made up one by one only`)
  const tableOf = (file: string): Table =>
    parseCsv(new TextDecoder().decode(files.readBytes(file)), file, () => columns)
  if (model.kind !== 'variational')
    throw new Failure('usage', `${detector}: only a variational detector makes rows up; this one is ${model.kind}`)
  const rows = generate(model, count, context.settings.seed, like === null ? null : tableOf(like).cells)
  if (against === null || out !== null) writeTable(context, out, tableLines(columns, rows))
  if (against === null) return
  const given = tableOf(against)
  if (given.count === 0) throw new Failure('data-invalid', `${against}: no rows to stand against`)
  context.say(likenessText(likeness(rows, given.cells, columns.length), columns, context.json))
}

function likenessText(found: Likeness, columns: readonly string[], json: boolean): string {
  const { distances, distanceMax, correlation } = found
  const pair = correlation?.columns.map((column) => columns[column] ?? '') ?? []
  if (json) {
    const named = Object.fromEntries(columns.map((column, j) => [column, distances[j]]))
    const difference = correlation?.difference ?? null
    return JSON.stringify({ distances: named, distanceMax, correlation: { difference, columns: pair } })
  }
  const lines = columns.map((column, j) => `${column}\t${(distances[j] ?? 0).toPrecision(digits)}`)
  return [
    'Kolmogorov–Smirnov distance by column',
    ...lines,
    `one in twenty columns of the same rows would exceed ${distanceMax.toPrecision(digits)}`,
    ...(correlation === null
      ? []
      : [
          `largest difference of a correlation: ${correlation.difference.toPrecision(digits)}, of ${pair.join(' and ')}`,
        ]),
  ].join('\n')
}
