// denoise: a table without the noise of its cells, or beside them: each cell a blend of itself and of what the detector
// reconstructs, by how noisy the cells are (blend.ts). That is said, or told by how much farther off they are than the rows
// that the detector learnt from (noise-level.ts). Or, to see what it is worth, puts noise on the cells and says how much of
// it is left in the blend. A reconstruction alone leaves out what is rare as well as what is noise.

import { Failure } from '../../../libs/core/failure.ts'
import { blended } from '../../../libs/detector/blend.ts'
import { errorsOf, withNoise } from '../../../libs/detector/spoilt.ts'
import type { Context } from '../context.ts'
import { type Restorable, restorable } from '../restorable.ts'
import { restoredText } from '../restored-text.ts'
import { tableLines, writeTable } from '../table-text.ts'

export interface DenoiseOptions {
  readonly detector: string
  readonly out: string | null
  readonly place: 'beside' | 'instead'
  /** Standard deviation of the noise that the cells have, in those of the columns; null: it is to be told from them. */
  readonly noise: number | null
  /** The same of noise to put on. */
  readonly check: number | null
}

export function denoiseTable(context: Context, file: string, options: DenoiseOptions): void {
  const table = restorable(context, file, options.detector)
  const { columns, cells, deviations } = table
  const width = columns.length
  if (options.check !== null) {
    const put = options.check
    const noisy = withNoise(cells, of(deviations, put), context.settings.seed)
    const restored = cleaned(context, table, noisy, options)
    const errors = errorsOf(cells, noisy, { restored, baseline: noisy }, deviations)
    context.say(restoredText(errors, { columns, restored: 'denoised', baseline: 'noisy' }, context.json))
    return
  }
  const clean = cleaned(context, table, cells, options)
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

function cleaned(context: Context, table: Restorable, cells: Float32Array, options: DenoiseOptions): Float32Array {
  const { seed } = context.settings
  const { deviations, reconstructed, noiseLevel } = table
  const level = options.noise ?? noiseLevel(cells, seed)
  if (level === null)
    throw new Failure('usage', `${options.detector} does not tell how noisy cells are: say it with --noise`)
  if (options.noise === null)
    context.progress(`noise of ${level.toPrecision(2)} standard deviations, as far as the detector tells`)
  return blended(cells, { restore: reconstructed, noise: of(deviations, level), deviations, seed })
}

function of(deviations: Float32Array, share: number): Float32Array {
  return deviations.map((deviation) => share * deviation)
}
