// Compose project: docker-compose.yml, read by the real tool, and a deployment of it on an engine. What the file names is
// taken as it stands, host ports included; services whose image cannot be had are left out, and named.
// Invariants
//   C1 the project's name is not the file's own: taking it down with its volumes touches nobody's deployment.

import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { root } from '../root.ts'
import { command, type Ended } from './command.ts'
import type { Compose } from './compose-tool.ts'
import type { Engine } from './engine.ts'
import { image } from './images.ts'

export const TOKEN = 'a-token-for-this-proof'
const upMsMax = 420_000
/** Some wait within for what takes a while. */
const commandMsMax = 180_000
const beatMs = 2_000
const projectName = 'plumbline-proof'
const composeFile = path.join(root, 'docker-compose.yml')

export interface Project {
  readonly kind: 'project'
  /** Started, each with where its image is from. */
  readonly origins: Readonly<Record<string, string>>
  /** Not started: its image cannot be had. */
  readonly absent: Readonly<Record<string, string>>
  readonly upMs: number
  /** `docker compose` with these arguments. */
  run(args: readonly string[]): Promise<Ended>
  down(): Promise<void>
}

export interface NoProject {
  readonly kind: 'none'
  readonly reason: string
}

/** What the tool says of a compose file, without an engine. */
export function config(
  compose: Compose,
  file: string | null,
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  const args = [...compose.args, '--project-directory', root, '--file', file ?? composeFile, 'config', '--quiet']
  return command(compose.program, args, { environment, folder: root })
}

interface Described {
  readonly services: Readonly<
    Record<string, { readonly image: string; readonly ports?: readonly { readonly published: string }[] }>
  >
}

export async function up(engine: Engine, compose: Compose, ours: readonly string[]): Promise<Project | NoProject> {
  const environment = { ...engine.environment, PLUMBLINE_CONSOLE_TOKEN: TOKEN }
  const run = (args: readonly string[], timeoutMs = 60_000): Promise<Ended> =>
    command(compose.program, [...compose.args, '--project-name', projectName, '--file', composeFile, ...args], {
      environment,
      folder: root,
      timeoutMs,
    })
  const described = await run(['config', '--format', 'json'])
  if (described.code !== 0) return { kind: 'none', reason: described.error }
  const { services }: Described = JSON.parse(described.out)
  const origins: Record<string, string> = {}
  const absent: Record<string, string> = {}
  for (const [name, service] of Object.entries(services)) {
    if (ours.includes(name)) {
      origins[name] = 'deploy/Dockerfile'
      continue
    }
    const from = await image(engine, service.image)
    if (from.kind === 'image') origins[name] = from.origin
    else absent[name] = from.reason
  }
  for (const name of Object.keys(origins)) {
    for (const { published } of services[name]?.ports ?? []) {
      if (!(await isFree(Number(published)))) return { kind: 'none', reason: `port ${published} of ${name} is in use` }
    }
  }
  const down = async (): Promise<void> => {
    await run(['--profile', '*', 'down', '--volumes', '--remove-orphans', '--timeout', '40'], 180_000)
  }
  // What a run that was killed may have left.
  await down()
  const beat = heartbeat(engine)
  const beganMs = performance.now()
  const started = await run(
    ['up', '--detach', '--no-build', '--pull', 'never', '--wait', '--wait-timeout', '400', ...Object.keys(origins)],
    upMsMax,
  )
  if (started.code !== 0) {
    const logs = await run(['logs', '--no-color', '--tail', '30'])
    await beat.stop()
    await down()
    throw new Error(
      `docker compose up ended with ${started.code}: ${started.error.slice(-2000)}\n${logs.out.slice(-6000)}`,
    )
  }
  return {
    kind: 'project',
    origins,
    absent,
    upMs: performance.now() - beganMs,
    run: (args) => run(args, commandMsMax),
    down: async () => {
      await beat.stop()
      await down()
    },
  }
}

/** Podman leaves the rhythm of health checks to systemd; where none runs, this beats. Docker has its own. */
function heartbeat(engine: Engine): { stop(): Promise<void> } {
  if (engine.standIns === 'refused') return { stop: async () => {} }
  let over = false
  const beating = (async () => {
    while (!over) {
      const { out } = await engine.run(['ps', '--quiet', '--filter', `label=com.docker.compose.project=${projectName}`])
      await Promise.all(
        out
          .split('\n')
          .filter((id) => id !== '')
          .map((id) => engine.run(['healthcheck', 'run', id])),
      )
      await wait(beatMs)
    }
  })()
  return {
    stop: async () => {
      over = true
      await beating
    },
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
