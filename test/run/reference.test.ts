import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricTable } from '../../libs/run/metric-table.ts'
import { metricReference, settingReference } from '../../libs/run/reference.ts'
import { settingTable } from '../../libs/run/setting-table.ts'

test('every metric and every setting has its row, of four cells', () => {
  for (const [text, names] of [
    [metricReference(), metricTable.map((row) => row.name)],
    [settingReference(), settingTable.map((row) => row.variable)],
  ] as const) {
    const lines = text.trimEnd().split('\n')
    assert.equal(lines.length, names.length + 2)
    for (const line of lines) assert.equal(line.split(' | ').length, 4, line)
    for (const [i, name] of names.entries()) assert.ok(lines[i + 2]?.startsWith(`| \`${name}\` |`))
  }
})

test('secrets have no flag', () => {
  const line = settingReference()
    .split('\n')
    .find((each) => each.startsWith('| `PLUMBLINE_CONSOLE_TOKEN`'))
  assert.match(line ?? '', /\| none; or `PLUMBLINE_CONSOLE_TOKEN_FILE` \|/)
})
