// Data sets for measurements, read from `../shared/data` beside the checkout; they are not part of the project. Whoever reads
// one must be ready for its absence: `dataFolder` is then null, and a test says so and skips.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'

/** The folder that holds package.json, above this file. */
export function projectRoot(): string {
  let folder = import.meta.dirname
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder)
  return folder
}

const candidate = path.resolve(projectRoot(), '../shared/data')
export const dataFolder: string | null = existsSync(candidate) ? candidate : null
export const absent = dataFolder === null ? 'no ../shared/data beside the checkout' : false

export const tableNames = [
  'campaign',
  'cardio',
  'Cardiotocography',
  'fault',
  'landsat',
  'mammography',
  'pendigits',
  'satellite',
  'satimage-2',
  'vowels',
  'Waveform',
  'Wilt',
] as const

/** Rows to learn from and labelled rows to score, in raw units; stride = width. */
export interface Split {
  readonly width: number
  readonly train: Float32Array
  readonly test: Float32Array
  readonly labels: Uint8Array
}

export interface CsvTable {
  readonly header: readonly string[]
  readonly rows: readonly Float64Array[]
}

export function readCsv(relative: string): CsvTable {
  const bytes = readFileSync(path.join(dataFolder ?? '', relative))
  const text = (relative.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  const [header = '', ...lines] = text.trim().split(/\r?\n/)
  return { header: header.split(','), rows: lines.map((line) => Float64Array.from(line.split(','), Number)) }
}

export function readText(relative: string): string {
  return readFileSync(path.join(dataFolder ?? '', relative), 'utf8')
}

/** The normal-only split of a labelled table: train on the first half of its normal rows, test on the rest and all anomalies. */
export function tableSplit(name: string): Split {
  const { rows } = readCsv(`tabular/${name}.csv.gz`)
  const width = rows[0]!.length - 1
  const normal = rows.filter((row) => row[width] === 0)
  const anomalous = rows.filter((row) => row[width] === 1)
  const trained = halfToEven(normal.length)
  return splitOf(normal.slice(0, trained), [...normal.slice(trained), ...anomalous], width, width)
}

/** All rows of a table, anomalies among them and not marked, learn and are scored. */
export function wholeTable(name: string): Split {
  const { rows } = readCsv(`tabular/${name}.csv.gz`)
  const width = rows[0]!.length - 1
  return splitOf(rows, rows, width, width)
}

/** Half of a count; a half is rounded to the even side. */
function halfToEven(count: number): number {
  const half = Math.floor(count / 2)
  return count % 2 === 1 && half % 2 === 1 ? half + 1 : half
}

function splitOf(train: readonly Float64Array[], test: readonly Float64Array[], width: number, label: number): Split {
  const scale = standardised(train, width)
  return { width, train: scale(train), test: scale(test), labels: Uint8Array.from(test, (row) => row[label]!) }
}

/** Scales by mean and population deviation of `train`; a column that is constant there keeps its units. */
function standardised(train: readonly Float64Array[], width: number): (rows: readonly Float64Array[]) => Float32Array {
  const means = new Float64Array(width)
  const scales = new Float64Array(width)
  for (let j = 0; j < width; j++) {
    let least = Number.POSITIVE_INFINITY
    let most = Number.NEGATIVE_INFINITY
    for (const row of train) {
      means[j]! += row[j]! / train.length
      least = Math.min(least, row[j]!)
      most = Math.max(most, row[j]!)
    }
    for (const row of train) scales[j]! += (row[j]! - means[j]!) ** 2 / train.length
    scales[j] = least === most ? 1 : Math.sqrt(scales[j]!)
  }
  return (rows) => {
    const out = new Float32Array(rows.length * width)
    for (const [i, row] of rows.entries())
      for (let j = 0; j < width; j++) out[i * width + j] = (row[j]! - means[j]!) / scales[j]!
    return out
  }
}

export interface CardSplit extends Split {
  readonly days: Int32Array
  readonly cards: Int32Array
  /** Of the rows to learn from, which a detector learns of only where people have looked. */
  readonly trainLabels: Uint8Array
}

const cardFeatureAt = 3
const cardFeatures = 15

/** A week of card payments to learn from, frauds among them, and a later week to score. */
export function cardSplit(): CardSplit {
  const train = readCsv('card-transactions/dev_train.csv.gz')
  const test = readCsv('card-transactions/dev_eval.csv.gz')
  const label = train.header.indexOf('TX_FRAUD')
  const cut = (row: Float64Array): Float64Array =>
    Float64Array.of(...row.subarray(cardFeatureAt, cardFeatureAt + cardFeatures), row[label]!)
  return {
    ...splitOf(train.rows.map(cut), test.rows.map(cut), cardFeatures, cardFeatures),
    trainLabels: Uint8Array.from(train.rows, (row) => row[label]!),
    days: Int32Array.from(test.rows, (row) => Math.floor(row[test.header.indexOf('TX_TIME_DAYS')]!)),
    cards: Int32Array.from(test.rows, (row) => row[test.header.indexOf('CUSTOMER_ID')]!),
  }
}
