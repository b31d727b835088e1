// Replay: the two servers' series as records, minute by minute: first the normal days, then the days in which something
// goes wrong. Labels stay beside the record, for reports; times are made up, since the series have none.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Failure } from '../../libs/core/failure.ts'

const servers = ['omi-1', 'omi-2'] as const
const METRICS = 19
const MINUTE_MS = 60_000
/** A Monday. */
const startMs = Date.UTC(2020, 0, 6)
const text = new TextEncoder()

export interface ServerEvent {
  /** `server`, `time` and the metrics m00 to m18. */
  readonly record: Readonly<Record<string, string | number>>
  /** The authors of the series marked this minute of this server as anomalous. */
  readonly anomalous: boolean
}

/** All records in the order of their times; `folder` is that of this example, `from` the number of the first. */
export function* serverRecords(folder: string, from = 0): Generator<ServerEvent, void> {
  const series = servers.map((server) => ({
    server,
    rows: [...rowsOf(folder, server, 'train'), ...rowsOf(folder, server, 'test')],
  }))
  const minutes = Math.max(...series.map(({ rows }) => rows.length))
  let number = 0
  for (let minute = 0; minute < minutes; minute++) {
    const time = new Date(startMs + minute * MINUTE_MS).toISOString()
    for (const { server, rows } of series) {
      const row = rows[minute]
      if (row === undefined || number++ < from) continue
      const record: Record<string, string | number> = { server, time }
      for (let i = 0; i < METRICS; i++) record[`m${String(i).padStart(2, '0')}`] = row[i] ?? 0
      yield { record, anomalous: row[METRICS] === 1 }
    }
  }
}

export function encodeServer(event: ServerEvent): { readonly key: Uint8Array; readonly value: Uint8Array } {
  return { key: text.encode(String(event.record['server'])), value: text.encode(JSON.stringify(event.record)) }
}

/** Metrics and, in the test part, the label. */
function rowsOf(folder: string, server: string, part: 'train' | 'test'): number[][] {
  const file = path.join(folder, 'data', `${server}_${part}.csv.gz`)
  let csv: string
  try {
    csv = gunzipSync(readFileSync(file)).toString('utf8')
  } catch (thrown) {
    throw Failure.of(thrown, 'file-unreadable')
  }
  const [, ...lines] = csv.trimEnd().split('\n')
  return lines.map((line) => line.split(',').map(Number))
}
