// Restorable: a table and a detector that restores its cells, both from files.

import { noiseLevel } from '../../libs/detector/noise-level.ts'
import { reconstruction } from '../../libs/detector/reconstruction.ts'
import type { Context } from './context.ts'
import { parseCsv } from './csv.ts'
import { valuesDetector } from './table-detector.ts'
import { restoredRows, windowCount, windowsOf } from './table-windows.ts'

export interface Restorable {
  readonly columns: readonly string[]
  /** Row-major; NaN = missing. */
  readonly cells: Float32Array
  /** Standard deviation of each column in training; of one that did not move, the least that counts. */
  readonly deviations: Float32Array
  /** How noisy cells are, in standard deviations; null where the detector does not tell. */
  readonly noiseLevel: (cells: Float32Array, seed: number) => number | null
  /** Every cell as it is reconstructed; see restoredRows. */
  readonly reconstructed: (cells: Float32Array) => Float32Array
  /** The cells, the missing ones filled in. */
  readonly filled: (cells: Float32Array) => Float32Array
}

export function restorable({ files }: Context, file: string, detector: string): Restorable {
  const { model, columns, window } = valuesDetector(files, detector)
  const { cells } = parseCsv(new TextDecoder().decode(files.readBytes(file)), file, () => columns)
  const { speaks, reconstruct, expect } = reconstruction(model)
  const form = { width: columns.length, window, place: file, means: model.scaler.mean }
  return {
    columns,
    cells,
    deviations: model.scaler.inverseScale.slice(0, columns.length).map((inverse) => (inverse === 0 ? 1 : 1 / inverse)),
    noiseLevel: (given, seed) => {
      const count = given.length / columns.length
      if (count > 0) windowCount(count, window, file)
      return noiseLevel(model, window === 1 ? given : windowsOf(given, count, columns.length, window), seed)
    },
    reconstructed: (given) => restoredRows(given, form, { speaks, restore: reconstruct }),
    filled: (given) => {
      const expected = restoredRows(given, form, { speaks, restore: expect }, (row) => row.some(Number.isNaN))
      return given.map((value, i) => (Number.isNaN(value) ? (expected[i] as number) : value))
    },
  }
}
