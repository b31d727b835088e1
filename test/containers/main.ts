// The proofs in containers: testcontainers' Kafka under the pipeline, our image, and docker-compose.yml as a deployment.
// Each is skipped with its reason where it cannot be made; what was a stand-in is said in the report.
//   npm run test:containers
// PLUMBLINE_REQUIRE_CONTAINERS=1 makes a missing engine an error; PLUMBLINE_INSTALL=1 (or CI=true) lets podman be installed;
// PLUMBLINE_STAND_INS=1 asks no image registry.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { pipeline } from '../kafka/pipeline.ts'
import { root } from '../root.ts'
import { command, exists } from './command.ts'
import { config, type Project, TOKEN, up } from './compose-project.ts'
import { type Compose, findCompose, type NoCompose } from './compose-tool.ts'
import { type Engine, findEngine } from './engine.ts'
import type { NoImage } from './images.ts'
import { kafkaContainer } from './kafka-container.ts'
import {
  answered,
  type BuiltProduct,
  buildProduct,
  inside,
  PRODUCT,
  plumbline,
  type Running,
  start,
} from './product.ts'

const engine = await findEngine()
const noEngine = engine.kind === 'none' ? engine.reason : false
after(() => (engine.kind === 'engine' ? engine.stop() : undefined))

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

test("the pipeline on testcontainers' own KafkaContainer", { skip: noEngine, timeout: 900_000 }, async (t) => {
  assert.ok(engine.kind === 'engine')
  const kafka = await kafkaContainer(engine)
  if (kafka.kind === 'none') return t.skip(kafka.reason)
  t.after(() => kafka.stop())
  t.diagnostic(`${engine.origin}; ${kafka.origin}; started in ${inSeconds(kafka.startedMs)}`)
  await pipeline(t, kafka)
})

/** Of the image that the later proofs run. */
let product: BuiltProduct | NoImage = { kind: 'none', reason: 'our image was not built' }

test('deploy/Dockerfile builds', { skip: noEngine, timeout: 1_200_000 }, async (t) => {
  assert.ok(engine.kind === 'engine')
  product = await buildProduct(engine)
  if (product.kind === 'none') return t.skip(product.reason)
  const size = Number(await engine.said(['image', 'inspect', '--format', '{{.Size}}', PRODUCT]))
  t.diagnostic(`${product.origin}; built in ${inSeconds(product.builtMs)}, ${Math.round(size / 1e6)} MB with its base`)
})

test('the image: an ordinary user, no development packages, no more than it needs', { skip: noEngine }, async (t) => {
  if (engine.kind === 'none' || product.kind === 'none') return t.skip(reasonOf(product))
  const facts = await inside(
    engine,
    `const { existsSync, writeFileSync } = require('node:fs')
const writes = (file) => { try { writeFileSync(file, ''); return true } catch { return false } }
console.log(JSON.stringify({ user: process.getuid(), compiler: existsSync('node_modules/typescript'), tests: existsSync('dist/test'),
  app: writes('/plumbline/x'), root: writes('/x'), data: writes('/data/x'), tmp: writes('/tmp/x') }))`,
  )
  const expected = { user: 1000, compiler: false, tests: false, app: false, root: false, data: true, tmp: true }
  assert.deepEqual(JSON.parse(facts), expected)
})

test('the image: validates an example with a read-only root and no network', { skip: noEngine }, async (t) => {
  if (engine.kind === 'none' || product.kind === 'none') return t.skip(reasonOf(product))
  const good = await plumbline(engine, ['validate', 'examples/servers/stream.yaml'])
  assert.equal(good.code, 0, good.error)
  assert.match(good.out, /stream servers is right: 19 features/)
  const bad = await plumbline(engine, ['validate', 'package.json'])
  assert.equal(bad.code, 2, 'and a file that is no spec is refused')
})

test('the image: up is live, ready and healthy, asks for its token, drains', { skip: noEngine }, async (t) => {
  if (engine.kind === 'none' || product.kind === 'none') return t.skip(reasonOf(product))
  const open = await plumbline(engine, ['up', 'examples'], ['--env', 'PLUMBLINE_HOST=0.0.0.0'])
  assert.equal(open.code, 2, 'beyond loopback without a token it does not start')
  const set = { PLUMBLINE_HOST: '0.0.0.0', PLUMBLINE_CONSOLE_TOKEN: TOKEN }
  const running = await start(engine, ['up', 'examples'], set)
  t.after(() => running.remove())
  const beganMs = performance.now()
  assert.notEqual(await answered(`${running.metricsUrl}/ready`), null, await running.logs())
  t.diagnostic(`ready ${inSeconds(performance.now() - beganMs)} after its start`)
  assert.notEqual(await answered(`${running.metricsUrl}/live`), null)
  assert.equal(await running.check(), 0, 'its own health check')
  await takesRecords(running)
  assert.equal(await running.end(), 0, await running.logs())
  assert.match(await running.logs(), /draining/)
})

function reasonOf(from: BuiltProduct | NoImage): string {
  return from.kind === 'none' ? from.reason : String(noEngine)
}

async function takesRecords(running: Running): Promise<void> {
  const metrics = Array.from({ length: 19 }, (_, i) => [`m${String(i).padStart(2, '0')}`, 0.5])
  const record = { server: 'omi-1', time: '2020-01-06T00:00:00.000Z', ...Object.fromEntries(metrics) }
  const send = (headers: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(`${running.consoleUrl}/v1/topics/server-metrics/records`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', ...headers },
      body: `${JSON.stringify(record)}\n`,
    })
  assert.equal((await send({})).status, 401)
  assert.equal((await send({ authorization: 'Bearer another' })).status, 401)
  const taken = await send({ authorization: `Bearer ${TOKEN}` })
  assert.equal(taken.status, 200, await taken.clone().text())
}

let compose: Compose | NoCompose = { kind: 'none', reason: 'docker compose was not looked for' }

test('docker-compose.yml: the real tool takes it, with a token only, and no unknown key', async (t) => {
  compose = await findCompose()
  if (compose.kind === 'none') return t.skip(compose.reason)
  t.diagnostic(compose.origin)
  const environment = { PLUMBLINE_CONSOLE_TOKEN: TOKEN }
  assert.deepEqual(await config(compose, null, environment), { code: 0, out: '', error: '' })
  const tokenless = await config(compose, null, { PLUMBLINE_CONSOLE_TOKEN: '' })
  assert.notEqual(tokenless.code, 0)
  assert.match(tokenless.error, /PLUMBLINE_CONSOLE_TOKEN.*give the API a token/)
  const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-compose-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const planted = path.join(folder, 'docker-compose.yml')
  const text = readFileSync(path.join(root, 'docker-compose.yml'), 'utf8')
  writeFileSync(planted, text.replace('read_only:', 'raed_only:'))
  const refused = await config(compose, planted, environment)
  assert.notEqual(refused.code, 0)
  assert.match(refused.error, /raed_only/)
})

test('docker-compose.yml: up, and the examples come out as alerts', {
  skip: noEngine,
  timeout: 1_800_000,
}, async (t) => {
  if (engine.kind === 'none' || product.kind === 'none') return t.skip(reasonOf(product))
  if (compose.kind === 'none') return t.skip(compose.reason)
  const project = await up(engine, compose, ['scorer', 'trainer', 'examples'])
  if (project.kind === 'none') return t.skip(project.reason)
  t.after(() => project.down())
  t.diagnostic(`all that were started were well after ${inSeconds(project.upMs)}`)
  for (const [name, origin] of Object.entries(project.origins)) t.diagnostic(`${name}: ${origin}`)
  for (const [name, reason] of Object.entries(project.absent)) t.diagnostic(`${name} was left out: ${reason}`)
  for (const service of ['scorer', 'trainer']) {
    const ready = await project.run(['exec', '-T', service, 'node', '-e', askReady])
    assert.equal(ready.code, 0, `${service}: ${ready.out}${ready.error}`)
  }
  await watched(t, Object.keys(project.origins))
  const replay = await project.run(['--profile', 'examples', 'up', '--detach', '--no-build', '--no-deps', 'examples'])
  assert.equal(replay.code, 0, replay.error)
  const beganMs = performance.now()
  await firstAlert(t)
  t.diagnostic(`first alert ${inSeconds(performance.now() - beganMs)} after the examples were started`)
  const logs = await project.run(['logs', '--no-color', 'scorer', 'trainer', 'examples'])
  assert.doesNotMatch(logs.out, /"level":"error"/, 'nothing failed')
  const listed = await project.run(['exec', '-T', 'scorer', 'node', 'dist/services/cli/main.js', 'alerts', '--json'])
  assert.equal(listed.code, 0, listed.error)
  const [alert] = listed.out.split('\n')
  assert.ok(['card-transactions', 'servers'].includes(JSON.parse(alert ?? '').stream), listed.out)
  await stopped(t, engine, project)
})

/** Both end by themselves, well within the time that the file gives them. */
async function stopped(t: TestContext, on: Engine, project: Project): Promise<void> {
  const beganMs = performance.now()
  const { code, error } = await project.run(['stop', 'scorer', 'trainer'])
  assert.equal(code, 0, error)
  t.diagnostic(`scorer and trainer stopped in ${inSeconds(performance.now() - beganMs)}`)
  for (const service of ['scorer', 'trainer']) {
    const id = (await project.run(['ps', '--all', '--quiet', service])).out.trim()
    assert.equal(await on.said(['inspect', '--format', '{{.State.ExitCode}}', id]), '0\n', service)
  }
}

/** Healthy is live; ready comes with the partitions and their state, a little later. */
const askReady = `const ask = async (turns) => {
  const answer = await fetch('http://127.0.0.1:9464/ready')
  if (answer.ok) return
  if (turns === 0) throw new Error(await answer.text())
  await new Promise((resolve) => setTimeout(resolve, 500))
  return ask(turns - 1)
}
ask(180)`

/** The registry has its rule, Prometheus sees both services, by the ports that the compose file publishes. */
async function watched(t: TestContext, services: readonly string[]): Promise<void> {
  if (services.includes('registry')) {
    const rule = await answered('http://127.0.0.1:8081/apis/ccompat/v7/config')
    assert.match(rule ?? '', /"BACKWARD"/)
  }
  if (!services.includes('prometheus')) return t.diagnostic('Prometheus was left out')
  const deadlineMs = performance.now() + 60_000
  const query = 'http://127.0.0.1:9090/api/v1/query?query=sum(up)'
  for (let seen = ''; seen !== '2'; ) {
    assert.ok(performance.now() < deadlineMs, `Prometheus sees ${seen} of the two services`)
    const answer = JSON.parse((await answered(query)) ?? '{}')
    seen = answer.data?.result?.[0]?.value?.[1] ?? ''
  }
}

/** From the port for clients of this machine, with a client that is not ours. */
async function firstAlert(t: TestContext): Promise<void> {
  if (!(await exists('kcat'))) return t.diagnostic('skipped: kcat is not installed')
  const read = ['-b', '127.0.0.1:9094', '-C', '-t', 'plumbline.alerts', '-o', 'beginning', '-c', '1', '-q']
  const { code, error } = await command('kcat', [...read, '-X', 'isolation.level=read_committed'], {
    timeoutMs: 240_000,
  })
  assert.equal(code, 0, `no alert: ${error}`)
}
