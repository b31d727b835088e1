// score: scores a table with a detector from a file; a line an input row, in order, never NaN.

import { Failure } from '../../../libs/core/failure.ts'
import { parseArtefact } from '../../../libs/detector/artefact.ts'
import type { Detector } from '../../../libs/detector/detector.ts'
import { load } from '../../../libs/detector/load.ts'
import type { Model } from '../../../libs/detector/model.ts'
import type { Context } from '../context.ts'
import { parseCsv } from '../csv.ts'
import { scoresOf } from '../table-windows.ts'

export interface ScoreOptions {
  readonly detector: string
  readonly align: 'causal' | 'spread'
  readonly out: string | null
}

export async function scoreTable(context: Context, file: string, options: ScoreOptions): Promise<void> {
  const { files } = context
  const { model, detector } = detectorIn(files.readBytes(options.detector), options.detector)
  const columns = model.layout.features
  const window = model.width / columns.length
  if (!Number.isInteger(window)) {
    throw new Failure(
      'artefact-mismatch',
      `${options.detector} was not made by \`plumbline fit\`: its rows are no columns of a table`,
    )
  }
  const table = parseCsv(new TextDecoder().decode(files.readBytes(file)), file, () => columns)
  const scores = scoresOf(detector, table.cells, table.count, columns.length, options.align, file)
  const lines = ['score,threshold,alert']
  const threshold = detector.threshold
  for (const score of scores) lines.push(`${score},${threshold},${score > threshold ? 1 : 0}`)
  if (options.out === null) context.say(lines.join('\n'))
  else files.write(options.out, `${lines.join('\n')}\n`)
}

function detectorIn(bytes: Uint8Array, file: string): { readonly model: Model; readonly detector: Detector } {
  try {
    return { model: parseArtefact(bytes), detector: load(bytes, {}) }
  } catch (thrown) {
    const { code, message } = Failure.of(thrown, 'artefact-invalid')
    throw new Failure(code, `${file}: no detector that can be used (${message}); make one with plumbline fit`, thrown)
  }
}
