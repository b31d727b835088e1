// Compose: the real `docker compose`: the plugin where there is one, else its program built once from its Go module, into the
// cache. It serves any engine that speaks Docker's API.

import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { locked } from '../kafka/jars.ts'
import { command, exists, said } from './command.ts'
import { cacheFolder } from './podman.ts'

const version = '2.40.3'
const module = 'github.com/docker/compose/v2'
const buildMsMax = 1_500_000

export interface Compose {
  readonly kind: 'compose'
  readonly origin: string
  readonly program: string
  readonly args: readonly string[]
}

export interface NoCompose {
  readonly kind: 'none'
  readonly reason: string
}

export async function findCompose(): Promise<Compose | NoCompose> {
  const plugin = await command('docker', ['compose', 'version', '--short'])
  if (plugin.code === 0) {
    return { kind: 'compose', origin: `docker compose ${plugin.out.trim()}`, program: 'docker', args: ['compose'] }
  }
  const program = path.join(cacheFolder(), `docker-compose-${version}`)
  try {
    if (!existsSync(program)) {
      if (!(await exists('go')))
        return { kind: 'none', reason: 'there is no docker compose, and no go to build it with' }
      await locked(`${program}.lock`, async () => {
        if (!existsSync(program)) await build(program)
      })
    }
    const own = (await said(program, ['version', '--short'])).trim()
    return { kind: 'compose', origin: `docker compose ${own}, built from its Go module`, program, args: [] }
  } catch (error) {
    return { kind: 'none', reason: `docker compose cannot be built: ${error instanceof Error ? error.message : error}` }
  }
}

/** The module excludes versions of others, which `go install module@version` refuses; built as a main module it may. */
async function build(program: string): Promise<void> {
  process.stderr.write(`building docker compose ${version} from its Go module, once\n`)
  const found = await said('go', ['mod', 'download', '-json', `${module}@v${version}`], {
    folder: tmpdir(),
    timeoutMs: buildMsMax,
  })
  const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-compose-'))
  try {
    const source = path.join(folder, 'source')
    cpSync(String(JSON.parse(found).Dir), source, { recursive: true })
    await said('chmod', ['-R', 'u+w', source])
    mkdirSync(path.dirname(program), { recursive: true })
    const flags = ['-trimpath', '-buildvcs=false', '-tags', 'fsnotify']
    const stated = ['-ldflags', `-s -w -X ${module}/internal.Version=v${version}`]
    await said('go', ['build', ...flags, ...stated, '-o', `${program}.part`, './cmd'], {
      folder: source,
      timeoutMs: buildMsMax,
    })
    renameSync(`${program}.part`, program)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
