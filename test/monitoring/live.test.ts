// A live Prometheus: scrapes what our metrics export, with our rules, and answers every expression of the dashboard.
// PLUMBLINE_MONITORED=127.0.0.1:9464 lets it scrape a process that runs already, such as the demo.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { sections } from '../../deploy/grafana/panels.ts'
import { OUTCOMES } from '../../libs/core/verdict.ts'
import { Metrics } from '../../libs/run/metrics.ts'
import { root } from '../root.ts'

const monitored = process.env['PLUMBLINE_MONITORED'] ?? ''
const skip = spawnSync('prometheus', ['--version']).error === undefined ? false : 'prometheus is not installed'
const queries = sections.flatMap(({ panels }) =>
  panels.flatMap((panel) => panel.queries.map(({ expr }) => ({ panel: panel.title, expr }))),
)

/** Each scrape finds more than the last, as from a stream at work. */
async function exporter(): Promise<Server> {
  const metrics = new Metrics({ version: '0.0.0', clock: () => Date.now(), scope: 'process' })
  metrics.watch('cards')
  const server = createServer((_, response) => {
    work(metrics)
    void metrics.text().then((text) => response.setHeader('content-type', metrics.contentType).end(text))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function work(metrics: Metrics): void {
  const nowMs = Date.now()
  metrics.alarmTarget('cards', 0.5)
  metrics.judged('cards', new Uint32Array(OUTCOMES).fill(20_000))
  metrics.scored('cards', Float32Array.of(0.2, 0.7, 1.4), 3, 1)
  metrics.spent('cards', 'decode', 1)
  metrics.committed('cards', 0, 2, nowMs - 500)
  metrics.alerted('cards', [{ severity: 'major', eventTimeMs: nowMs - 1_500 }])
  metrics.lag('cards', 0, 7)
  metrics.state('cards', 0, 100, 3)
  metrics.thresholdInForce('cards', 0, 1)
  metrics.regimeChanged('cards', 1)
  metrics.transaction('committed')
  metrics.rebalanced()
  metrics.buffered('cards', 1_000, 2_000)
  metrics.registryAsked('found')
  metrics.serving('cards', 'abc', 1, nowMs - 60_000)
  metrics.swap('cards', 'swapped')
  metrics.learning('cards', 10, 100)
  metrics.trained('cards', 'promoted', 'none', 1_500)
  metrics.drifted('cards', [{ name: 'amount', value: 0.3 }], 0.1, 1.2)
}

function prometheus(folder: string, target: string, port: number): ChildProcess {
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [path.join(root, 'deploy/prometheus/rules.yml')],
    scrape_configs: [{ job_name: 'plumbline', static_configs: [{ targets: [target] }] }],
  }
  // JSON is YAML.
  writeFileSync(path.join(folder, 'prometheus.yml'), JSON.stringify(config))
  const flags = ['--config.file=prometheus.yml', `--web.listen-address=127.0.0.1:${port}`, '--storage.tsdb.path=data']
  return spawn('prometheus', flags, { cwd: folder, stdio: 'ignore' })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

interface Answer {
  readonly status: string
  readonly error?: string
  readonly data?: { readonly result: readonly unknown[] }
}

async function ask(port: number, expr: string): Promise<Answer> {
  const concrete = expr.replaceAll('$stream', '.*').replaceAll('$__rate_interval', '15s')
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(concrete)}`)
  return (await answer.json()) as Answer
}

test('every expression of the dashboard is answered', { skip, timeout: 120_000 }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-prometheus-'))
  const server = monitored === '' ? await exporter() : null
  const target = server === null ? monitored : `127.0.0.1:${(server.address() as AddressInfo).port}`
  const port = await freePort()
  const running = prometheus(folder, target, port)
  try {
    let open = queries
    const deadlineMs = Date.now() + 60_000
    while (open.length > 0 && Date.now() < deadlineMs) {
      await wait(500)
      const ready = await fetch(`http://127.0.0.1:${port}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
      if (!ready) continue
      const answers = await Promise.all(open.map(async (query) => ({ query, answer: await ask(port, query.expr) })))
      for (const { query, answer } of answers)
        assert.equal(answer.status, 'success', `${query.panel}: ${answer.error}: ${query.expr}`)
      open = answers.filter(({ answer }) => answer.data?.result.length === 0).map(({ query }) => query)
      // Of a running process not every series need exist yet, such as those of the schema registry.
      if (monitored !== '' && open.length < queries.length) break
    }
    if (monitored === '') assert.deepEqual(open, [], 'no data for these')
    const rules = (await (await fetch(`http://127.0.0.1:${port}/api/v1/rules`)).json()) as {
      data: { groups: { rules: { lastError?: string; name: string }[] }[] }
    }
    const failing = rules.data.groups
      .flatMap((group) => group.rules)
      .filter(({ lastError }) => (lastError ?? '') !== '')
    assert.deepEqual(failing, [])
  } finally {
    running.kill()
    await new Promise((resolve) => (running.exitCode === null ? running.once('exit', resolve) : resolve(null)))
    server?.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
