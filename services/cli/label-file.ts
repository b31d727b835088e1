// Label file: what people said of records, a line each, as CSV with a header or as JSON lines. A record is named by `partition`
// and `offset` (and `topic`), or by `id`, the text of the field that the spec calls `source.id`; `verdict`, `event_time` (ms, or
// an instant), `note` and `stream` may stand beside it. What `plumbline alerts --json` prints, with a `verdict` added, is such
// a file. Every fault names its line.

import { type Feedback, feedbackOf } from '../../libs/alert/feedback.ts'
import { Failure } from '../../libs/core/failure.ts'
import { rowsOf } from './csv.ts'

export interface LabelDefaults {
  /** Where the line says none; null: it must. */
  readonly verdict: string | null
  readonly stream: string | null
  readonly topic: string | null
  readonly note: string | null
  readonly by: string
  readonly atMs: number
}

export interface Labelled {
  readonly stream: string
  readonly feedback: Feedback
}

type Line = Readonly<Record<string, unknown>>

const known = ['stream', 'topic', 'partition', 'offset', 'id', 'verdict', 'event_time', 'note']
const faultsShown = 5

export function parseLabels(text: string, place: string, defaults: LabelDefaults): Labelled[] {
  const faults: string[] = []
  const labels: Labelled[] = []
  const lines = text.trimStart().startsWith('{') ? jsonLines(text, place) : csvLines(text, place)
  for (const { line, said } of lines) {
    const made = labelOf(said, defaults)
    if (typeof made === 'string') faults.push(`line ${line}: ${made}`)
    else labels.push(made)
  }
  if (faults.length > 0) {
    const more = faults.length > faultsShown ? `; and ${faults.length - faultsShown} more` : ''
    throw new Failure(
      'data-invalid',
      `${place}: ${faults.slice(0, faultsShown).join('; ')}${more}; nothing was published`,
    )
  }
  if (labels.length === 0) throw new Failure('data-invalid', `${place}: no label in it`)
  return labels
}

interface Read {
  readonly line: number
  readonly said: Line
}

function jsonLines(text: string, place: string): Read[] {
  return text.split('\n').flatMap((each, i): Read[] => {
    if (each.trim() === '') return []
    try {
      const said: unknown = JSON.parse(each)
      if (typeof said === 'object' && said !== null) return [{ line: i + 1, said: spelt(said as Line) }]
    } catch {
      // Said below, as of any line that is no object.
    }
    throw new Failure('data-invalid', `${place}: line ${i + 1} is no JSON object`)
  })
}

/** An alert has its time under another name, and an id that is not the record's. */
function spelt(said: Line): Line {
  const { eventTime, id, ...rest } = said
  const time = said['event_time'] ?? eventTime
  return { ...rest, event_time: time, id: said['partition'] === undefined ? id : undefined }
}

function csvLines(text: string, place: string): Read[] {
  const rows = rowsOf(text.replace(/^\uFEFF/, ''), place)
  const header = (rows.next().value?.cells ?? []).map((name) => name.trim())
  const unknown = header.filter((name) => !known.includes(name))
  if (unknown.length > 0)
    throw new Failure(
      'data-invalid',
      `${place}: no column ${unknown.join(', ')} is known; there are ${known.join(', ')}`,
    )
  const read: Read[] = []
  for (const { line, cells } of rows) {
    if (cells.every((cell) => cell.trim() === '')) continue
    if (cells.length !== header.length)
      throw new Failure('data-invalid', `${place}: line ${line} has ${cells.length} cells, the header ${header.length}`)
    const given = header.map((name, i) => [name, (cells[i] ?? '').trim()] as const).filter(([, cell]) => cell !== '')
    read.push({ line, said: Object.fromEntries(given) })
  }
  return read
}

/** The label of a line, or what is wrong with it. */
function labelOf(said: Line, defaults: LabelDefaults): Labelled | string {
  const stream = said['stream'] ?? defaults.stream
  if (typeof stream !== 'string') return 'which stream? say --stream'
  const verdict = said['verdict'] ?? defaults.verdict
  if (verdict === null) return 'no verdict; say --as, or give the column'
  const { id, partition, offset, event_time: time } = said
  const topic = said['topic'] ?? defaults.topic
  const isPosition = partition !== undefined || offset !== undefined
  if (isPosition && topic === null) return 'a position needs its topic; say --topic, or give the column'
  const heard = feedbackOf({
    verdict,
    ...(isPosition ? { position: { topic, partition: numberOf(partition), offset: numberOf(offset) } } : {}),
    ...(id === undefined ? {} : { id: String(id) }),
    eventTime: time === undefined || time === null ? null : timeOf(time),
    by: defaults.by,
    at: defaults.atMs,
    note: said['note'] ?? defaults.note,
  })
  return 'verdict' in heard ? { stream, feedback: heard } : heard.reason
}

function numberOf(value: unknown): unknown {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
}

function timeOf(value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (/^-?\d+$/.test(value)) return Number(value)
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? value : ms
}
