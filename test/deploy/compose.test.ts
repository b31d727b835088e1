// The structure of the compose file and the Dockerfile, held without an engine and without docker compose: no key is
// misspelt, what they name exists, nothing is open to the network, our services run with no more rights than they need.
// That the real tool takes the file, and that the deployment works, is for test/containers to prove.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { settingTable } from '../../libs/run/setting-table.ts'
import { check } from '../../libs/stream/spec-parse.ts'
import { root } from '../root.ts'

interface Service {
  readonly image: string
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly command?: readonly string[]
  readonly depends_on?: readonly string[] | Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: Readonly<Record<string, unknown>>
  readonly profiles?: readonly string[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
}

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')
const compose: { services: Record<string, Service>; volumes: Record<string, null> } = parse(
  read('docker-compose.yml'),
  { merge: true },
)
const services = Object.entries(compose.services)
const own = services.filter(([, { image }]) => image === 'plumbline')
/** Those that run unasked, and that Prometheus watches. */
const judging = own.filter(([, { profiles = [] }]) => profiles.length === 0)

/** Of the Compose specification, those that this file may use. */
const serviceKeys = [
  ...['image', 'build', 'entrypoint', 'command', 'environment', 'profiles', 'depends_on', 'healthcheck', 'restart'],
  ...['ports', 'volumes', 'tmpfs', 'init', 'read_only', 'cap_drop', 'security_opt', 'stop_grace_period'],
]
const healthKeys = ['test', 'interval', 'timeout', 'retries', 'start_period', 'start_interval', 'disable']
const conditions = ['service_started', 'service_healthy', 'service_completed_successfully']

test('no key is misspelt', () => {
  assert.deepEqual(
    Object.keys(compose).filter((key) => !key.startsWith('x-')),
    ['name', 'services', 'volumes'],
  )
  for (const [name, service] of services) {
    for (const key of Object.keys(service)) assert.ok(serviceKeys.includes(key), `${name}: ${key}`)
    for (const key of Object.keys(service.healthcheck ?? {})) assert.ok(healthKeys.includes(key), `${name}: ${key}`)
    if (Array.isArray(service.depends_on)) continue
    for (const [need, how] of Object.entries(service.depends_on ?? {})) {
      assert.deepEqual(Object.keys(how), ['condition'], `${name}: ${need}`)
      assert.ok(conditions.includes(how.condition), `${name}: ${need} ${how.condition}`)
    }
  }
})

test('our variables are settings', () => {
  const known = new Set(
    settingTable.flatMap((row) => (row.kind === 'secret' ? [row.variable, `${row.variable}_FILE`] : [row.variable])),
  )
  const set = own.flatMap(([, { environment = {} }]) => Object.keys(environment))
  const inImage = [...read('deploy/Dockerfile').matchAll(/\b(PLUMBLINE_\w+)=/g)].map(([, name = '']) => name)
  for (const name of [...set, ...inImage]) assert.ok(known.has(name), `${name} is no setting`)
  assert.deepEqual(
    own.map(([name]) => name),
    ['scorer', 'trainer', 'examples'],
  )
  for (const [name, { command }] of judging) assert.deepEqual(command, [name, '/specs'])
})

test('every image has a tag, every file that is mounted exists, every dependency is a service', () => {
  for (const [name, service] of services) {
    if (service.image !== 'plumbline') assert.match(service.image, /^[\w./-]+:v?\d+\.\d+\.\d+$/, name)
    for (const volume of service.volumes ?? []) {
      const source = volume.replace(/^\$\{SPECS:-([^}]*)\}/, '$1').split(':')[0] ?? ''
      if (source.startsWith('.')) assert.ok(existsSync(path.join(root, source)), `${name}: ${source} does not exist`)
      else assert.ok(Object.hasOwn(compose.volumes, source), `${name}: no volume ${source}`)
    }
    const needs = Array.isArray(service.depends_on) ? service.depends_on : Object.keys(service.depends_on ?? {})
    for (const need of needs) assert.ok(Object.hasOwn(compose.services, need), `${name} depends on ${need}`)
  }
})

test('nothing is open beyond this machine, and ours run without rights', () => {
  for (const [name, { ports = [] }] of services) {
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/, `${name} publishes ${port}`)
  }
  for (const [name, { read_only: readOnly, cap_drop: dropped, security_opt: options }] of own) {
    assert.equal(readOnly, true, name)
    assert.deepEqual(dropped, ['ALL'], name)
    assert.deepEqual(options, ['no-new-privileges:true'], name)
  }
  assert.match(read('deploy/Dockerfile'), /^USER node$/m)
})

test('Prometheus scrapes our services, at the port that they are given', () => {
  const { scrape_configs: jobs } = parse(read('deploy/prometheus/prometheus.yml'))
  const targets: string[] = jobs[0].static_configs[0].targets
  assert.deepEqual(
    targets.toSorted(),
    judging.map(([name, { environment }]) => `${name}:${environment?.['PLUMBLINE_METRICS_PORT']}`).toSorted(),
  )
})

test('the topics that are made are those that the examples read', () => {
  const made = /for topic in ([^;]*);/.exec(compose.services['topics']?.command?.join(' ') ?? '')?.[1]?.split(' ') ?? []
  const wanted = ['card-transactions', 'servers'].map((example) => {
    const folder = path.join('examples', example)
    const parsed = check(read(path.join(folder, 'stream.yaml')), (file) => read(path.join(folder, file)))
    return parsed.kind === 'spec' ? parsed.spec.source.topic : ''
  })
  assert.deepEqual(made.toSorted(), wanted.toSorted())
})
