// score: scores a table with a detector from a file; a line an input row, in order, never NaN.

import { Failure } from '../../../libs/core/failure.ts'
import { factorOf } from '../../../libs/detector/key-factors.ts'
import type { Json } from '../../../libs/detector/model.ts'
import type { Context } from '../context.ts'
import { parseCsv } from '../csv.ts'
import { tableDetector } from '../table-detector.ts'
import { rowsIn } from '../table-form.ts'
import { writeTable } from '../table-text.ts'
import { scoresOf } from '../table-windows.ts'

export interface ScoreOptions {
  readonly detector: string
  readonly align: 'causal' | 'spread'
  readonly key: string | null
  readonly out: string | null
}

export async function scoreTable(context: Context, file: string, options: ScoreOptions): Promise<void> {
  const { files } = context
  const { detector, model, columns, form } = tableDetector(files, options.detector)
  const learntBy = keyOf(model.manifest)
  // Rows of several entities would be taken for one series, each value new after another's.
  if (form === 'novelties' && options.key === null && learntBy !== null)
    throw new Failure(
      'usage',
      `${options.detector} was learnt from a series of each ${learntBy}: say --key ${learntBy}`,
    )
  const table = parseCsv(new TextDecoder().decode(files.readBytes(file)), file, () => columns, options.key)
  const scores = scoresOf(detector, rowsIn(form, table), table.count, columns.length, options.align, file)
  const lines = ['score,threshold,alert']
  const { keys } = model.calibration
  for (const [row, score] of scores.entries()) {
    const key = table.keys[row]
    const threshold = detector.threshold * (keys === null || key === undefined ? 1 : factorOf(keys, key))
    lines.push(`${score},${threshold},${score > threshold ? 1 : 0}`)
  }
  writeTable(context, options.out, lines)
}

/** What `fit` was told of whose a row is. */
function keyOf(manifest: Json): string | null {
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) return null
  const { key } = manifest as { readonly [field: string]: Json }
  return typeof key === 'string' ? key : null
}
