// generate: rows that a variational detector makes up, as a table; or, beside given rows, how like these they are.

import { Failure } from '../../../libs/core/failure.ts'
import { scaled } from '../../../libs/detector/fit-scaler.ts'
import { generate } from '../../../libs/detector/generate.ts'
import { samplerOf } from '../../../libs/detector/kinds/sampling.ts'
import type { Sampler } from '../../../libs/detector/sampler.ts'
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
/** Numbers of a table that is made up: more are no text that fits into one string. */
const cellsMax = 1 << 24

export function generateTable(context: Context, count: number, options: GenerateOptions): void {
  const { files } = context
  const { detector, against, like, out } = options
  const { model, columns, window } = valuesDetector(files, detector)
  if (count * columns.length > cellsMax)
    throw new Failure('usage', `${count} rows of ${columns.length} columns; ${cellsMax} numbers at once are the most`)
  if (window > 1) throw new Failure('usage', `${detector} was learnt from windows; rows are made up one by one only`)
  const tableOf = (file: string): Table =>
    parseCsv(new TextDecoder().decode(files.readBytes(file)), file, () => columns)
  if (model.kind !== 'variational')
    throw new Failure('usage', `${detector}: only a variational detector makes rows up; this one is ${model.kind}`)
  const likeOf = ({ cells, count: given }: Table): Sampler => {
    const width = columns.length
    const training = { rows: scaled(cells, given, model.scaler), count: given, width }
    const found = samplerOf(model.members, training, cells, context.settings.seed)
    if (found === null)
      throw new Failure('data-invalid', `${like}: codes cannot be learnt from ${given} rows; give more`)
    return found
  }
  const rows = generate(model, count, context.settings.seed, like === null ? model.sampler : likeOf(tableOf(like)))
  if (against === null || out !== null) writeTable(context, out, tableLines(columns, rows))
  if (against === null) return
  const given = tableOf(against)
  if (given.count === 0) throw new Failure('data-invalid', `${against}: no rows to stand against`)
  context.say(likenessText(likeness(rows, given.cells, columns.length), columns, context.json))
}

function likenessText(found: Likeness, columns: readonly string[], json: boolean): string {
  const { distances, distanceMax, told, correlation } = found
  const pair = correlation?.columns.map((column) => columns[column] ?? '') ?? []
  if (json) {
    const named = Object.fromEntries(columns.map((column, j) => [column, distances[j]]))
    const difference = correlation?.difference ?? null
    return JSON.stringify({ distances: named, distanceMax, told, correlation: { difference, columns: pair } })
  }
  const lines = columns.map((column, j) => `${column}\t${(distances[j] ?? 0).toPrecision(digits)}`)
  return [
    'Kolmogorov–Smirnov distance by column',
    ...lines,
    `one in twenty columns of the same rows would exceed ${distanceMax.toPrecision(digits)}`,
    `told apart by their nearest: ${told.toPrecision(digits)} of the rows; 0.5 is chance`,
    ...(correlation === null
      ? []
      : [
          `largest difference of a correlation: ${correlation.difference.toPrecision(digits)}, of ${pair.join(' and ')}`,
        ]),
  ].join('\n')
}
