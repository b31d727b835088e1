// Labelled series for measurements: telemetry (SMAP), servers (ASD), a valve (SKAB) and single metrics (NAB), read as
// test/quality/datasets.ts reads tables. Rows are in their order; stride = width.

import { readdirSync } from 'node:fs'
import path from 'node:path'
import { dataFolder, readCsv, readText } from './datasets.ts'
import type { NabStream } from './nab.ts'

/** A series of which the first `trainRows` rows are normal and unlabelled, and `scored` begins the part that counts. */
export interface Series {
  readonly name: string
  readonly width: number
  readonly rows: Float32Array
  readonly trainRows: number
  /** Of every row; 0 in the training rows. */
  readonly labels: Uint8Array
}

export function smapNames(): string[] {
  return textTable('sensors/smap/manifest.csv').map((line) => line[0]!)
}

export function smapSeries(name: string): Series {
  const manifest = textTable('sensors/smap/manifest.csv').find((line) => line[0] === name)
  const { rows } = readCsv(`sensors/smap/${name}.csv.gz`)
  return seriesOf(name, rows, Number(manifest?.[1]))
}

export const asdNames = Array.from({ length: 12 }, (_, i) => `omi-${i + 1}`)

export function asdSeries(name: string): Series {
  const train = readCsv(`sensors/asd/${name}_train.csv.gz`).rows
  const test = readCsv(`sensors/asd/${name}_test.csv.gz`).rows
  const unlabelled = train.map((row) => Float64Array.of(...row, 0))
  return seriesOf(name, [...unlabelled, ...test], train.length)
}

export const skabNames = Array.from({ length: 16 }, (_, i) => `${i}`)
const skabTrainRows = 400

export function skabSeries(name: string): Series {
  const lines = textTable(`sensors/skab-valve1/${name}.csv`, ';')
  const rows = lines.map((line) => Float64Array.from(line.slice(1, -1), Number))
  return seriesOf(name, rows, skabTrainRows)
}

function seriesOf(name: string, table: readonly Float64Array[], trainRows: number): Series {
  const width = table[0]!.length - 1
  const rows = new Float32Array(table.length * width)
  for (const [i, row] of table.entries()) rows.set(row.subarray(0, width), i * width)
  return { name, width, rows, trainRows, labels: Uint8Array.from(table, (row) => row[width]!) }
}

export interface Metric {
  readonly name: string
  readonly timesMs: Float64Array
  readonly values: Float32Array
  readonly windows: NabStream['windows']
}

/** The single metrics, in the order of their names. */
export function nabMetrics(): Metric[] {
  const known: Record<string, [string, string][]> = JSON.parse(readText('univariate/nab/windows.json'))
  const folder = path.join(dataFolder ?? '', 'univariate/nab')
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.csv'))
  return names.sort().map((name) => {
    const lines = textTable(`univariate/nab/${name}`)
    const rowOf = (time: string): number => lines.findIndex((line) => line[0] === time.slice(0, 19))
    return {
      name,
      timesMs: Float64Array.from(lines, (line) => Date.parse(`${line[0]?.replace(' ', 'T')}Z`)),
      values: Float32Array.from(lines, (line) => Number(line[1])),
      windows: (known[name] ?? []).map(([from, to]) => ({ from: rowOf(from), to: rowOf(to) })),
    }
  })
}

/** The lines of a table without its header, cell by cell. */
function textTable(relative: string, separator = ','): string[][] {
  const lines = readText(relative).trim().split(/\r?\n/)
  return lines.slice(1).map((line) => line.split(separator))
}
