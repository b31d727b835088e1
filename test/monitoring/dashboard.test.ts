// The dashboard: what is committed is what the table gives, and every expression speaks of what exists.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { dashboard } from '../../deploy/grafana/dashboard.ts'
import { sections } from '../../deploy/grafana/panels.ts'
import { metricTable } from '../../libs/run/metric-table.ts'
import { Metrics } from '../../libs/run/metrics.ts'
import { root } from '../root.ts'
import { knownSeries, labelsIn, metricsIn } from './expressions.ts'

const queries = sections.flatMap(({ panels }) =>
  panels.flatMap((panel) => panel.queries.map((query) => ({ panel: panel.title, ...query }))),
)

test('the committed dashboard is the generated one', () => {
  const committed = readFileSync(path.join(root, 'deploy/grafana/plumbline.json'), 'utf8')
  assert.equal(committed, dashboard(), 'node dist/deploy/grafana/write.js writes it again')
})

test('panels and queries have ids of their own, and no panel overlaps another', () => {
  const { panels } = JSON.parse(dashboard())
  const taken = new Set<string>()
  for (const [index, panel] of panels.entries()) {
    assert.equal(panel.id, index + 1)
    const { x, y, w, h } = panel.gridPos
    for (let i = x; i < x + w; i++) {
      for (let j = y; j < y + h; j++) {
        assert.ok(!taken.has(`${i} ${j}`) && i < 24, `${panel.title} overlaps`)
        taken.add(`${i} ${j}`)
      }
    }
    for (const target of panel.targets ?? []) assert.match(target.refId, /^[A-Z]$/)
  }
})

test('every metric of every expression exists, with the labels that it is asked for', () => {
  const known = knownSeries()
  for (const { panel, expr } of queries) {
    const names = metricsIn(expr)
    assert.ok(names.length > 0, `${panel}: no metric in ${expr}`)
    for (const name of names) assert.ok(known.has(name), `${panel}: no metric ${name}`)
    const rows = metricTable.filter((row) =>
      names.some((name) => name === row.name || name.replace(/_(?:bucket|sum|count)$/, '') === row.name),
    )
    if (rows.length === 0) continue
    const labels = new Set(['le', 'job', 'instance', ...rows.flatMap((row) => row.labels)])
    for (const label of labelsIn(expr)) assert.ok(labels.has(label), `${panel}: no label ${label} in ${names.join()}`)
  }
})

test('every metric of ours is on the dashboard', () => {
  const shown = new Set(
    queries.flatMap(({ expr }) => metricsIn(expr)).map((name) => name.replace(/_(?:bucket|sum|count)$/, '')),
  )
  assert.deepEqual(
    metricTable.filter(({ name }) => !shown.has(name)).map(({ name }) => name),
    [],
  )
})

test('the metrics of the process that are used are exported', async () => {
  const text = await new Metrics({ version: 'test', clock: () => 0, scope: 'process' }).text()
  for (const name of knownSeries()) {
    if (!name.startsWith('plumbline_')) assert.match(text, new RegExp(`^${name}(?:\\{[^}]*\\})? `, 'm'))
  }
})
