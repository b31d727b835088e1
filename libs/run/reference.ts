// Reference: the tables of metrics and settings as Markdown, for the documentation. Generated from what the code declares,
// so that they cannot differ from it.

import { metricTable } from './metric-table.ts'
import { type SettingRow, settingTable } from './setting-table.ts'
import { flagOf } from './settings.ts'

export function metricReference(): string {
  const rows = metricTable.map(({ name, type, labels, help }) => [code(name), type, labels.map(code).join(', '), help])
  return table(['metric', 'type', 'labels', 'meaning'], rows)
}

export function settingReference(): string {
  const rows = settingTable.map((row: SettingRow) => {
    const flag = row.kind === 'secret' ? `none; or ${code(`${row.variable}_FILE`)}` : code(flagOf(row.name))
    return [code(row.variable), flag, defaultOf(row), row.help]
  })
  return table(['variable', 'flag', 'default', 'meaning'], rows)
}

function defaultOf(row: SettingRow): string {
  switch (row.kind) {
    case 'secret':
      return ''
    case 'list':
      return row.default.map(code).join(', ')
    case 'text':
      return row.default === '' ? '' : code(row.default)
    case 'integer':
      return `${code(String(row.default))}${row.unit === 'ms' || row.unit === 'bytes' ? ` ${row.unit}` : ''}`
    case 'choice':
      return `${code(row.default)} (${row.choices.map(code).join(', ')})`
    default:
      return row satisfies never
  }
}

function code(text: string): string {
  return `\`${text}\``
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`
}
