// denoise: a table as a detector reconstructs it, instead of its cells or beside them; or, to see what that is worth, puts
// noise on the cells and says how much of it is left.

import { errorsOf, withNoise } from '../../../libs/detector/spoilt.ts'
import type { Context } from '../context.ts'
import { restorable } from '../restorable.ts'
import { restoredText } from '../restored-text.ts'
import { tableLines, writeTable } from '../table-text.ts'

export interface DenoiseOptions {
  readonly detector: string
  readonly out: string | null
  readonly place: 'beside' | 'instead'
  /** Standard deviation of the noise, in those of the columns. */
  readonly check: number | null
}

export function denoiseTable(context: Context, file: string, options: DenoiseOptions): void {
  const { columns, cells, deviations, restored } = restorable(context, file, options.detector)
  const width = columns.length
  if (options.check !== null) {
    const share = options.check
    const noise = deviations.map((deviation) => share * deviation)
    const noisy = withNoise(cells, noise, context.settings.seed)
    const errors = errorsOf(cells, noisy, { restored: restored(noisy), baseline: noisy }, deviations)
    context.say(restoredText(errors, { columns, restored: 'denoised', baseline: 'noisy' }, context.json))
    return
  }
  const clean = restored(cells)
  if (options.place === 'instead') {
    writeTable(context, options.out, tableLines(columns, clean))
    return
  }
  const both = new Float32Array(2 * cells.length)
  for (let from = 0; from < cells.length; from += width) {
    both.set(cells.subarray(from, from + width), 2 * from)
    both.set(clean.subarray(from, from + width), 2 * from + width)
  }
  const names = [...columns, ...columns.map((name) => `${name}_denoised`)]
  writeTable(context, options.out, tableLines(names, both))
}
