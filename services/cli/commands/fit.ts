// fit: learns a detector from a table and writes its artefact.

import path from 'node:path'
import { Failure } from '../../../libs/core/failure.ts'
import { sha256 } from '../../../libs/core/hash.ts'
import { artefact } from '../../../libs/detector/artefact.ts'
import { fit } from '../../../libs/detector/fit.ts'
import type { ImageSize } from '../../../libs/detector/kinds/kind.ts'
import type { Model } from '../../../libs/detector/model.ts'
import {
  type DetectorKind,
  type DetectorSetting,
  detectorKinds,
  detectorSettings,
  type LossKind,
  lossKinds,
  windowedKinds,
} from '../../../libs/stream/spec.ts'
import type { Context } from '../context.ts'
import { parseCsv, type Table } from '../csv.ts'
import { formOf, revisionOf, rowsIn, type TableForm } from '../table-form.ts'
import { windowsOf } from '../table-windows.ts'

export interface FitOptions {
  readonly out: string
  readonly columns: readonly string[] | null
  readonly drop: readonly string[]
  readonly label: string | null
  readonly key: string | null
  readonly trainRows: number | null
  readonly kind: string | null
  readonly setting: string | null
  readonly loss: string | null
  readonly window: number
  /** Height x width of the image that a row is. */
  readonly image: string | null
  /** Null: as the rows' form has it. */
  readonly alarmRate: number | null
}

/** Of a series less, since an incident speaks in one row of it. */
const alarmRates: Readonly<Record<TableForm, number>> = { values: 0.01, novelties: 0.001 }
/** Rows kept in the artefact, with their scores, to check every engine that loads it. */
const goldenRows = 16
/** Values of all rows together: 2 GiB. A row that is a window holds those of all its steps. */
const valuesMax = 2 ** 29

export async function fitTable(context: Context, file: string, options: FitOptions): Promise<void> {
  const { files, clock } = context
  const startedMs = clock.elapsedMs()
  const kind = kindOf(options.kind ?? 'ensemble', options)
  const image = options.image === null ? null : imageOf(options.image)
  const setting = options.setting === null ? null : settingOf(options.setting, kind)
  const loss = lossOf(options.loss ?? 'squared')
  const folder = path.dirname(options.out)
  if (!files.isFolder(folder)) throw new Failure('file-unreadable', `${options.out}: there is no folder ${folder}`)
  if (options.key !== null && options.window > 1)
    throw new Failure('usage', 'rows of several keys make no window: leave --key or --window out')
  const text = new TextDecoder().decode(files.readBytes(file))
  const table = parseCsv(text, file, (header) => chosen(header, options, file), options.key)
  const names = options.label === null ? table.columns : table.columns.slice(0, -1)
  const form = formOf(kind, names)
  const window = form === 'novelties' ? 1 : options.window
  const alarmRate = options.alarmRate ?? alarmRates[form]
  const normal = normalRows({ ...table, cells: rowsIn(form, table, table.columns.length) }, names.length)
  const count = Math.min(options.trainRows ?? normal.count, normal.count)
  const width = names.length * window
  checkSize(file, Math.max(0, count - window + 1), window, names.length)
  const all = windowsOf(normal.rows.subarray(0, count * names.length), count, names.length, window)
  const rows = unbroken(all, normal.places, window, width)
  const windows = rows.length / width
  const model = await fitted(window === 1 ? file : `${file}: ${count} rows make ${windows} windows of ${window}`, {
    rows,
    count: windows,
    width,
    groups: Int32Array.from({ length: width }, (_, column) => column % names.length),
    names,
    revision: revisionOf(names, window, form),
    rowsAre: form,
    ...(options.key === null ? {} : { keys: normal.keys.subarray(0, count) }),
    kind,
    ...(setting === null ? {} : { setting }),
    loss,
    seed: context.settings.seed,
    alpha: alarmRate,
    steps: window,
    ...(image === null ? {} : { image }),
    backend: context.settings.trainOn,
    onProgress: (share, loss) => context.progress(`${Math.round(share * 100)} %  loss ${loss.toPrecision(4)}`),
    manifest: {
      code: context.version,
      rowsInFile: table.count,
      rowsNormal: normal.count,
      window,
      ...(image === null ? {} : { image: [image.height, image.width] }),
      rowsAre: form,
      key: options.key,
    },
  })
  const step = Math.max(1, Math.floor(windows / goldenRows))
  const golden = new Float32Array(goldenRows * width)
  for (let i = 0; i < goldenRows; i++) {
    const from = Math.min(i * step, windows - 1) * width
    golden.set(rows.subarray(from, from + width), i * width)
  }
  const bytes = artefact(model, golden)
  files.write(options.out, bytes)
  const facts = {
    out: options.out,
    version: sha256(bytes),
    kind,
    rows: windows,
    columns: names.length,
    rowsAre: form,
    threshold: model.calibration.threshold,
    method: model.calibration.method,
    seconds: Number(((clock.elapsedMs() - startedMs) / 1000).toFixed(2)),
  }
  context.say(
    context.json
      ? JSON.stringify(facts)
      : `${facts.out}: ${kind}, learnt from ${windows} ${rowsText(form, names)} in ${facts.seconds} s; ` +
          `threshold ${facts.threshold.toPrecision(5)} for an alarm rate of ${alarmRate}`,
  )
}

function rowsText(form: TableForm, names: readonly string[]): string {
  if (form === 'values') return `rows of ${names.length} columns`
  return `rows, each how new ${names.join()} is after the rows before it (a series has no need of --window),`
}

function kindOf(kind: string, { window, image }: FitOptions): DetectorKind {
  const known = detectorKinds.find((each) => each === kind)
  if (known !== undefined && window === 1 && image === null && windowedKinds.includes(known))
    throw new Failure('usage', `the kind ${kind} learns from the steps of a window: add one, such as --window 40`)
  if (known !== undefined) return known
  throw new Failure('usage', `no detector kind ${kind}; there are ${detectorKinds.join(', ')}`)
}

function imageOf(size: string): ImageSize {
  const [, height, width] = /^([1-9][0-9]{0,4})x([1-9][0-9]{0,4})$/.exec(size) ?? []
  if (height !== undefined && width !== undefined) return { height: Number(height), width: Number(width) }
  throw new Failure('usage', `--image ${size}: give height and width of an image, such as 28x28`)
}

function settingOf(setting: string, kind: DetectorKind): DetectorSetting {
  const known = detectorSettings.find((each) => each === setting)
  if (known === undefined) throw new Failure('usage', `no setting ${setting}; there are ${detectorSettings.join(', ')}`)
  if (kind !== 'ensemble') throw new Failure('usage', `the kind ${kind} has no settings: leave --setting out`)
  return known
}

function lossOf(loss: string): LossKind {
  const known = lossKinds.find((each) => each === loss)
  if (known !== undefined) return known
  throw new Failure('usage', `no loss ${loss}; there are ${lossKinds.join(', ')}`)
}

function checkSize(file: string, rows: number, window: number, columns: number): void {
  const values = rows * window * columns
  if (values <= valuesMax) return
  const found = `${rows} rows of ${window} × ${columns} columns are ${values} values`
  throw new Failure(
    'data-invalid',
    `${file}: ${found}, at most ${valuesMax} are learnt from; choose --columns, a shorter --window or fewer --train-rows`,
  )
}

/** What is wrong with a table given by hand is named with its file. */
async function fitted(place: string, options: Parameters<typeof fit>[0]): Promise<Model> {
  try {
    return await fit(options)
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code !== 'data-too-little') throw thrown
    throw new Failure('data-invalid', `${place}: ${thrown.message}; give more rows`, thrown)
  }
}

/** The columns to learn from, and after them that of the labels. */
function chosen(header: readonly string[], options: FitOptions, file: string): string[] {
  const { columns, drop, label, key } = options
  for (const name of drop) {
    if (!header.includes(name)) throw new Failure('data-invalid', `${file}: no column ${name}, which --drop names`)
  }
  const names = [...new Set(columns ?? header)].filter((name) => name !== label && name !== key && !drop.includes(name))
  if (names.length === 0) throw new Failure('data-invalid', `${file}: no column is left to learn from`)
  return label === null ? names : [...names, label]
}

interface Normal {
  readonly rows: Float32Array
  readonly count: number
  readonly keys: Uint32Array
  /** Of each row, which of the table it is. */
  readonly places: Uint32Array
}

/** The rows whose label, where there is one, is 0. */
function normalRows({ columns, count: rows, cells, keys }: Table, width: number): Normal {
  const full = columns.length
  if (full === width)
    return { rows: cells, count: rows, keys, places: Uint32Array.from({ length: rows }, (_, row) => row) }
  const kept = new Float32Array(rows * width)
  const keptKeys = new Uint32Array(keys.length)
  const places = new Uint32Array(rows)
  let count = 0
  for (let row = 0; row < rows; row++) {
    if (cells[row * full + width] !== 0) continue
    if (keys.length > 0) keptKeys[count] = keys[row] as number
    places[count] = row
    kept.set(cells.subarray(row * full, row * full + width), count * width)
    count++
  }
  return {
    rows: kept.subarray(0, count * width),
    count,
    keys: keptKeys.subarray(0, count),
    places: places.subarray(0, count),
  }
}

/** Windows whose rows follow each other in the table: across rows that were left out there is none to score. */
function unbroken(windows: Float32Array, places: Uint32Array, window: number, width: number): Float32Array {
  const kept: Float32Array[] = []
  const total = windows.length / width
  for (let i = 0; i < total; i++) {
    if ((places[i + window - 1] ?? 0) - (places[i] ?? 0) !== window - 1) continue
    kept.push(windows.subarray(i * width, (i + 1) * width))
  }
  if (kept.length === total) return windows
  const whole = new Float32Array(kept.length * width)
  for (const [i, row] of kept.entries()) whole.set(row, i * width)
  return whole
}
