// embed: the code of each row of a table as columns: what the detector's first network gives in its narrowest layer, without
// sampling. Missing cells are filled in first. Of windows, the code stands on the last row; the rows before the first full
// window carry its code.

import { Failure } from '../../../libs/core/failure.ts'
import { codeOf } from '../../../libs/detector/code.ts'
import { reconstruction } from '../../../libs/detector/reconstruction.ts'
import type { Context } from '../context.ts'
import { parseCsv } from '../csv.ts'
import { valuesDetector } from '../table-detector.ts'
import { tableLines, writeTable } from '../table-text.ts'
import { windowCount } from '../table-windows.ts'

export interface EmbedOptions {
  readonly detector: string
  readonly out: string | null
}

export function embedTable(context: Context, file: string, options: EmbedOptions): void {
  const { files } = context
  const { model, columns, window } = valuesDetector(files, options.detector)
  const code = codeOf(model)
  if (code === null)
    throw new Failure(
      'usage',
      `${options.detector}: no member of this detector has a code: rows of one column, or windows of very many columns or hardly moving ones, have none`,
    )
  const { cells, count } = parseCsv(new TextDecoder().decode(files.readBytes(file)), file, () => columns)
  const { complete } = reconstruction(model)
  const names = Array.from({ length: code.columns }, (_, c) => `code_${c}`)
  const codes = new Float32Array(count * code.columns)
  const total = count === 0 ? 0 : windowCount(count, window, file)
  for (let from = 0; from < total; from++) {
    const row = cells.subarray(from * columns.length, (from + window) * columns.length)
    const given = code.encode(complete(row))
    const first = from === 0 ? 0 : from + window - 1
    for (let at = first; at < from + window; at++) codes.set(given, at * code.columns)
  }
  writeTable(context, options.out, tableLines(names, codes))
}
