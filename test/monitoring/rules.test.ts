// The rules of Prometheus: valid, tested each way, explained, and speaking of metrics that exist.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { root } from '../root.ts'
import { knownSeries, metricsIn } from './expressions.ts'

const folder = path.join(root, 'deploy/prometheus')
const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8')

interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly annotations?: { readonly summary: string; readonly runbook: string }
}
interface Case {
  readonly alertname: string
  readonly exp_alerts: readonly unknown[]
}

const caseFiles = ['rules.test.yml', 'rules-days.test.yml']
const rules: Rule[] = parse(read('rules.yml')).groups.flatMap(({ rules: list }: { rules: Rule[] }) => list)
const alerts = rules.flatMap((rule) => (rule.alert === undefined ? [] : [rule.alert]))

const promtool = spawnSync('promtool', ['--version']).error === undefined
const skip = promtool ? false : 'promtool is not installed'

function run(...parameters: string[]): void {
  const { status, stdout, stderr } = spawnSync('promtool', parameters, { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 0, `${stdout}${stderr}`)
}

test('promtool accepts rules and configuration', { skip }, () => {
  run('check', 'rules', 'rules.yml')
  run('check', 'config', 'prometheus.yml')
})

test('promtool finds every case as it should be', { skip }, () => run('test', 'rules', ...caseFiles))

test('every alert has a case in which it fires, one in which it does not or other series do not, and a runbook', () => {
  const cases: Case[] = caseFiles
    .flatMap((file) => parse(read(file)).tests)
    .flatMap((each: { alert_rule_test?: Case[] }) => each.alert_rule_test ?? [])
  const runbook = read('RUNBOOK.md')
  for (const rule of rules) {
    if (rule.alert === undefined) continue
    const own = cases.filter(({ alertname }) => alertname === rule.alert)
    assert.ok(
      own.some(({ exp_alerts }) => exp_alerts.length > 0),
      `${rule.alert} fires in no case`,
    )
    assert.equal(rule.annotations?.runbook, `deploy/prometheus/RUNBOOK.md#${rule.alert.toLowerCase()}`)
    assert.match(runbook, new RegExp(`^## ${rule.alert}$`, 'm'))
  }
  const sections = [...runbook.matchAll(/^## (\w+)$/gm)].map(([, name]) => name)
  assert.deepEqual(sections, alerts, 'the runbook has a section for each alert, in the order of the rules')
})

test('every metric of every rule exists', () => {
  const known = knownSeries()
  const recorded = new Set(rules.flatMap((rule) => rule.record ?? []))
  for (const { expr, alert, record } of rules) {
    for (const name of metricsIn(expr))
      assert.ok(known.has(name) || recorded.has(name), `${alert ?? record}: no metric ${name}`)
  }
})
