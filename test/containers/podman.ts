// Podman: an engine of our own where there is no Docker, with its store in the cache, so that no image of ours stands under a
// vendor's name in anyone's own store. Its API is served on a socket for the clients that speak Docker's.
// Invariants
//   P1 the service ends with the process that started it, however that ends.
//   P2 nothing is installed unless this is CI or PLUMBLINE_INSTALL=1: a test does not change a machine unasked.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { root } from '../root.ts'
import { type CommandOptions, command, exists, said } from './command.ts'
import type { Engine, NoEngine } from './engine.ts'

const packages = [
  ...['podman', 'runc', 'conmon', 'catatonit', 'uidmap'],
  ...['netavark', 'aardvark-dns', 'iptables'],
  'debootstrap',
]
const installMsMax = 300_000
const keptHours = 72
const socketMsMax = 30_000

export const cacheFolder = (): string => process.env['PLUMBLINE_CACHE'] ?? path.join(homedir(), '.cache', 'plumbline')

export async function podman(): Promise<Engine | NoEngine> {
  const absent = await install()
  if (absent !== null) return { kind: 'none', reason: absent }
  const conf = path.join(root, 'test/containers/containers.conf')
  const folder = path.join(cacheFolder(), 'containers')
  mkdirSync(folder, { recursive: true })
  const own = ['--root', path.join(folder, 'storage'), '--runroot', path.join(folder, 'run')]
  const withConf = (options: CommandOptions = {}): CommandOptions => ({
    ...options,
    environment: { CONTAINERS_CONF: conf, ...options.environment },
  })
  const { code, out, error } = await command(
    'podman',
    [...own, 'version', '--format', '{{.Client.Version}}'],
    withConf(),
  )
  if (code !== 0) return { kind: 'none', reason: `podman does not run: ${error.trim()}` }
  const sockets = mkdtempSync(path.join(tmpdir(), 'plumbline-podman-'))
  const socket = path.join(sockets, 'podman.sock')
  const service = spawn('podman', [...own, 'system', 'service', '--time=0', `unix://${socket}`], {
    stdio: 'ignore',
    env: { ...process.env, CONTAINERS_CONF: conf },
  })
  endWithUs(service, sockets)
  for (let waitedMs = 0; !existsSync(socket); waitedMs += 50) {
    if (waitedMs > socketMsMax || service.exitCode !== null) return { kind: 'none', reason: 'podman serves no socket' }
    await wait(50)
  }
  return {
    kind: 'engine',
    origin: `podman ${out.trim()}, with a store of its own`,
    environment: {
      CONTAINERS_CONF: conf,
      DOCKER_HOST: `unix://${socket}`,
      TESTCONTAINERS_RYUK_DISABLED: 'true',
      TESTCONTAINERS_HOST_OVERRIDE: 'localhost',
    },
    // The other format knows no HEALTHCHECK. On the machine's own network a build reaches what the machine reaches.
    buildArgs: ['--format', 'docker', '--network', 'host'],
    standIns: 'allowed',
    run: (args, options) => command('podman', [...own, ...args], withConf(options)),
    said: (args, options) => said('podman', [...own, ...args], withConf(options)),
    stop: async () => {
      // Every changed build leaves its stages behind; those of late save the next build its downloads.
      await command('podman', [...own, 'image', 'prune', '--force', '--filter', `until=${keptHours}h`], withConf())
      service.kill('SIGTERM')
      rmSync(sockets, { recursive: true, force: true })
    },
  }
}

/** Null where podman is there; else why it is not. */
async function install(): Promise<string | null> {
  if (await exists('podman')) return null
  const how = `apt-get install ${packages.join(' ')}`
  if (process.getuid?.() !== 0 || !(await exists('apt-get')))
    return 'there is no podman, and it can be installed by root on Debian only'
  if (process.env['CI'] !== 'true' && process.env['PLUMBLINE_INSTALL'] !== '1') {
    return `there is no podman: ${how} (PLUMBLINE_INSTALL=1 does it)`
  }
  const environment = { DEBIAN_FRONTEND: 'noninteractive' }
  await command('apt-get', ['update', '-qq'], { environment, timeoutMs: installMsMax })
  const { code, error } = await command('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    environment,
    timeoutMs: installMsMax,
  })
  return code === 0 ? null : `${how} failed: ${error.trim().slice(-500)}`
}

function endWithUs(service: ChildProcess, folder: string): void {
  const watcher = spawn(
    'sh',
    ['-c', 'cat >/dev/null; kill "$0" 2>/dev/null; rm -rf "$1"', String(service.pid), folder],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  )
  for (const each of [watcher, service]) each.unref()
  if ('unref' in watcher.stdin && typeof watcher.stdin.unref === 'function') watcher.stdin.unref()
  service.once('exit', () => watcher.kill('SIGKILL'))
}
