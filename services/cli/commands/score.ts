// score: scores a table with a detector from a file; a line an input row, in order, never NaN.

import type { Context } from '../context.ts'
import { parseCsv } from '../csv.ts'
import { tableDetector } from '../table-detector.ts'
import { rowsIn } from '../table-form.ts'
import { writeTable } from '../table-text.ts'
import { scoresOf } from '../table-windows.ts'

export interface ScoreOptions {
  readonly detector: string
  readonly align: 'causal' | 'spread'
  readonly out: string | null
}

export async function scoreTable(context: Context, file: string, options: ScoreOptions): Promise<void> {
  const { files } = context
  const { detector, columns, form } = tableDetector(files, options.detector)
  const table = parseCsv(new TextDecoder().decode(files.readBytes(file)), file, () => columns)
  const scores = scoresOf(detector, rowsIn(form, table.cells), table.count, columns.length, options.align, file)
  const lines = ['score,threshold,alert']
  const threshold = detector.threshold
  for (const score of scores) lines.push(`${score},${threshold},${score > threshold ? 1 : 0}`)
  writeTable(context, options.out, lines)
}
