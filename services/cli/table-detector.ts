// Table detector: a detector from a file for the rows of a table, as `plumbline fit` makes it: checked, with the columns that
// it reads and how many rows it sees together.

import { Failure } from '../../libs/core/failure.ts'
import { parseArtefact } from '../../libs/detector/artefact.ts'
import type { Detector } from '../../libs/detector/detector.ts'
import { load } from '../../libs/detector/load.ts'
import type { Model } from '../../libs/detector/model.ts'
import type { Files } from './files.ts'
import { formIn, type TableForm } from './table-form.ts'

export interface TableDetector {
  readonly model: Model
  readonly detector: Detector
  /** Columns of the table, in their order in a row. */
  readonly columns: readonly string[]
  /** Rows of the table in a row of the detector. */
  readonly window: number
  /** What it makes of the table's rows first. */
  readonly form: TableForm
}

export function tableDetector(files: Files, file: string): TableDetector {
  const { model, detector } = detectorIn(files.readBytes(file), file)
  const columns = model.layout.features
  const window = model.width / columns.length
  if (Number.isInteger(window)) return { model, detector, columns, window, form: formIn(model.layout) }
  throw new Failure(
    'artefact-mismatch',
    `${file} was not made by \`plumbline fit\`: its rows are no columns of a table`,
  )
}

/** For what gives values back. */
export function valuesDetector(files: Files, file: string): TableDetector {
  const found = tableDetector(files, file)
  if (found.form === 'values') return found
  const made = 'hears how new a value is, and of that no value can be made'
  throw new Failure('usage', `${file} ${made}: learn one from more columns, or with --kind undercomplete`)
}

function detectorIn(bytes: Uint8Array, file: string): Pick<TableDetector, 'model' | 'detector'> {
  try {
    return { model: parseArtefact(bytes), detector: load(bytes, {}) }
  } catch (thrown) {
    const { code, message } = Failure.of(thrown, 'artefact-invalid')
    throw new Failure(code, `${file}: no detector that can be used (${message}); make one with plumbline fit`, thrown)
  }
}
