// denoise: a table as a detector reconstructs it, instead of its cells or beside them; where it is known how noisy the cells
// are, a blend of both. Or, to see what that is worth, puts noise on the cells and says how much of it is left in the blend.
// A reconstruction alone leaves out what is rare as well as what is noise: with little noise the cells are nearer.

import { blended } from '../../../libs/detector/blend.ts'
import { errorsOf, withNoise } from '../../../libs/detector/spoilt.ts'
import type { Context } from '../context.ts'
import { restorable } from '../restorable.ts'
import { restoredText } from '../restored-text.ts'
import { tableLines, writeTable } from '../table-text.ts'

export interface DenoiseOptions {
  readonly detector: string
  readonly out: string | null
  readonly place: 'beside' | 'instead'
  /** Standard deviation of the noise that the cells have, in those of the columns; null: it is not known. */
  readonly noise: number | null
  /** The same of noise to put on. */
  readonly check: number | null
}

export function denoiseTable(context: Context, file: string, options: DenoiseOptions): void {
  const { columns, cells, deviations, reconstructed } = restorable(context, file, options.detector)
  const width = columns.length
  const noiseOf = (share: number): Float32Array => deviations.map((deviation) => share * deviation)
  if (options.check !== null) {
    const noisy = withNoise(cells, noiseOf(options.check), context.settings.seed)
    const restored = blended(noisy, reconstructed(noisy), noiseOf(options.check))
    const errors = errorsOf(cells, noisy, { restored, baseline: noisy }, deviations)
    context.say(restoredText(errors, { columns, restored: 'denoised', baseline: 'noisy' }, context.json))
    return
  }
  const whole = reconstructed(cells)
  const clean = options.noise === null ? whole : blended(cells, whole, noiseOf(options.noise))
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
