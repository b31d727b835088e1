// Cluster: one to N real brokers (KRaft, each controller and broker in one JVM) started from jars for a test.
// Invariants
//   C1 no broker outlives the process that started it, killed or not: a watcher at the end of a pipe sees to it.
//   C2 ready means that Metadata answers with all brokers and with this cluster's id (an orphan on the port would not).
//   C3 a broker that is started again has its port, its data and its settings.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Jars, locked } from './jars.ts'
import { liveBrokers } from './liveness.ts'
import { clusterUuid, nodeSettings } from './settings.ts'

const readyMsMax = 60_000
const heap = '-Xmx256m'
const quickStart = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto']
const logSettings = `<Configuration status="ERROR"><Appenders><Console name="C" target="SYSTEM_ERR">
<PatternLayout pattern="%d{ABSOLUTE} %p %c{1} %m%n"/></Console></Appenders>
<Loggers><Root level="WARN"><AppenderRef ref="C"/></Root></Loggers></Configuration>`

interface Node {
  readonly id: number
  readonly folder: string
  readonly port: number
  child: ChildProcess | null
}

export interface Cluster {
  readonly brokers: readonly string[]
  start(id: number): Promise<void>
  /** Ends a broker and waits for its end; SIGKILL is a crash, SIGTERM a shutdown in order. */
  kill(id: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  stop(): Promise<void>
}

export async function cluster(
  from: Jars,
  count: number,
  extra: Readonly<Record<string, string>> = {},
): Promise<Cluster> {
  const archive = join(from.folder, `classes-${from.javaVersion}.jsa`)
  if (!existsSync(archive)) {
    await locked(`${archive}.lock`, async () => {
      if (existsSync(archive)) return
      const first = await launch(from, 1, {}, [`-XX:ArchiveClassesAtExit=${archive}.part`])
      await first.kill(1, 'SIGTERM')
      await first.stop()
      if (existsSync(`${archive}.part`)) renameSync(`${archive}.part`, archive)
    })
  }
  return launch(from, count, extra, existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : [])
}

async function launch(
  from: Jars,
  count: number,
  extra: Readonly<Record<string, string>>,
  jvm: string[],
): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-kafka-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const log = join(folder, 'log4j2.xml')
  writeFileSync(log, logSettings)
  const ports = await freePorts(2 * count)
  const clusterId = clusterUuid()
  const nodes: Node[] = []
  for (let id = 1; id <= count; id++) {
    const node = { id, folder: join(folder, `node${id}`), port: ports[2 * id - 2] ?? 0, child: null }
    mkdirSync(join(node.folder, 'data'), { recursive: true })
    writeFileSync(join(node.folder, 'server.properties'), nodeSettings(id, ports, node.folder, extra))
    await format(from, node, clusterId, log)
    nodes.push(node)
  }
  const nodeOf = (id: number): Node => {
    const node = nodes[id - 1]
    if (node === undefined) throw new Error(`the cluster has no broker ${id}`)
    return node
  }
  const begin = (node: Node): void => {
    const out = openSync(join(node.folder, 'out.log'), 'a')
    const options = [heap, ...quickStart, ...jvm, `-Dlog4j2.configurationFile=${log}`, '-cp', from.classPath]
    const child = spawn('java', [...options, 'kafka.Kafka', join(node.folder, 'server.properties')], {
      stdio: ['ignore', out, out],
    })
    node.child = child
    watch(child, folder)
    child.once('exit', () => {
      node.child = null
    })
  }
  const kill = async (id: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    const child = nodeOf(id).child
    if (child === null) return
    // Unreferenced so that a forgotten broker does not hold the process, but its end is waited for.
    child.ref()
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  const running: Cluster = {
    brokers: nodes.map((node) => `127.0.0.1:${node.port}`),
    async start(id) {
      begin(nodeOf(id))
      await ready(nodeOf(id), count, clusterId)
    },
    kill,
    async stop() {
      await Promise.all(nodes.map((node) => kill(node.id, 'SIGKILL')))
      rmSync(folder, { recursive: true, force: true })
    },
  }
  for (const node of nodes) begin(node)
  try {
    for (const node of nodes) await ready(node, count, clusterId)
  } catch (error) {
    await running.stop()
    throw error
  }
  return running
}

/** Kills `child` and removes `folder` once this process is gone, however it went. */
function watch(child: ChildProcess, folder: string): void {
  const script = 'cat >/dev/null; kill -9 "$0" 2>/dev/null && sleep 0.2; rm -rf "$1"'
  const watcher = spawn('sh', ['-c', script, String(child.pid), folder], { stdio: ['pipe', 'ignore', 'ignore'] })
  watcher.unref()
  child.unref()
  if (watcher.stdin !== null && 'unref' in watcher.stdin && typeof watcher.stdin.unref === 'function') {
    watcher.stdin.unref()
  }
  // After an orderly end there is nothing to watch, and the process id may come to name another process.
  child.once('exit', () => watcher.kill('SIGKILL'))
}

async function ready(node: Node, count: number, clusterId: string): Promise<void> {
  const endMs = Date.now() + readyMsMax
  while ((await liveBrokers('127.0.0.1', node.port, clusterId)) < count) {
    if (node.child === null || Date.now() > endMs) {
      const text = readFileSync(join(node.folder, 'out.log'), 'utf8').slice(-2000)
      throw new Error(`broker ${node.id} ${node.child === null ? 'exited' : 'is not ready'}:\n${text}`)
    }
    await wait(30)
  }
}

/**
 * Formatting takes a JVM of its own; what it writes is the same each time, but for ids that are written here, so it is
 * kept beside the jars.
 */
async function format(from: Jars, node: Node, clusterId: string, log: string): Promise<void> {
  const data = join(node.folder, 'data')
  const place = join('__cluster_metadata-0', '00000000000000000000-0000000000.checkpoint')
  const kept = join(from.folder, 'bootstrap.checkpoint')
  if (!existsSync(kept)) {
    await locked(`${kept}.lock`, async () => {
      if (existsSync(kept)) return
      const tool = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', join(node.folder, 'server.properties')]
      execFileSync('java', [...quickStart, `-Dlog4j2.configurationFile=${log}`, '-cp', from.classPath, ...tool], {
        stdio: 'pipe',
      })
      copyFileSync(join(data, place), `${kept}.part`)
      renameSync(`${kept}.part`, kept)
      rmSync(data, { recursive: true })
    })
  }
  mkdirSync(join(data, '__cluster_metadata-0'), { recursive: true })
  copyFileSync(kept, join(data, place))
  const ids = ['version=1', `cluster.id=${clusterId}`, `node.id=${node.id}`, `directory.id=${clusterUuid()}`]
  writeFileSync(join(data, 'meta.properties'), `${ids.join('\n')}\n`)
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  const ports: number[] = []
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening')
    const address = server.address()
    ports.push(typeof address === 'object' && address !== null ? address.port : 0)
  }
  for (const server of servers) {
    server.close()
    await once(server, 'close')
  }
  return ports
}
