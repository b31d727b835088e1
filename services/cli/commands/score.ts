// score: scores a table with a detector from a file; a line an input row, in order, never NaN.

import { Failure } from '../../../libs/core/failure.ts'
import { parseArtefact } from '../../../libs/detector/artefact.ts'
import { load } from '../../../libs/detector/load.ts'
import type { Context } from '../context.ts'
import { parseCsv, rowsOf } from '../csv.ts'
import { scoresOf } from '../table-windows.ts'

export interface ScoreOptions {
  readonly detector: string
  readonly align: 'causal' | 'spread'
  readonly out: string | null
}

export async function scoreTable(context: Context, file: string, options: ScoreOptions): Promise<void> {
  const { files } = context
  const bytes = files.readBytes(options.detector)
  const model = parseArtefact(bytes)
  const detector = load(bytes, {})
  const columns = model.layout.features
  const window = model.width / columns.length
  if (!Number.isInteger(window)) {
    throw new Failure(
      'artefact-mismatch',
      `${options.detector} was not made by \`plumbline fit\`: its rows are no columns of a table`,
    )
  }
  const table = parseCsv(new TextDecoder().decode(files.readBytes(file)), file)
  const rows = rowsOf(table, columns, file)
  const scores = scoresOf(detector, rows, table.count, columns.length, options.align)
  const lines = ['score,threshold,alert']
  const threshold = detector.threshold
  for (const score of scores) lines.push(`${score},${threshold},${score > threshold ? 1 : 0}`)
  if (options.out === null) context.say(lines.join('\n'))
  else files.write(options.out, `${lines.join('\n')}\n`)
}
