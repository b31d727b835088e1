// Engine: what runs containers here. In order: a Docker daemon that answers; podman, installed from Debian where this may be
// done; else there is none, and the reason is said. With PLUMBLINE_REQUIRE_CONTAINERS=1 having none is an error.

import { type CommandOptions, command, type Ended, said } from './command.ts'
import { podman } from './podman.ts'

export interface Engine {
  readonly kind: 'engine'
  /** For the report. */
  readonly origin: string
  /** What a client of its API needs, such as testcontainers and compose. */
  readonly environment: Readonly<Record<string, string>>
  /** Arguments that every build takes. */
  readonly buildArgs: readonly string[]
  /** Whether an image that cannot be pulled may be replaced: only in a store that nobody else uses. */
  readonly standIns: 'allowed' | 'refused'
  run(args: readonly string[], options?: CommandOptions): Promise<Ended>
  /** What `run` wrote; an error where it failed. */
  said(args: readonly string[], options?: CommandOptions): Promise<string>
  stop(): Promise<void>
}

export interface NoEngine {
  readonly kind: 'none'
  readonly reason: string
}

export async function findEngine(): Promise<Engine | NoEngine> {
  const daemon = await docker()
  if (daemon.kind === 'engine') return daemon
  const own = await podman()
  if (own.kind === 'engine') return own
  const reason = `no container engine: ${daemon.reason}; ${own.reason}`
  if (process.env['PLUMBLINE_REQUIRE_CONTAINERS'] === '1') throw new Error(reason)
  return { kind: 'none', reason }
}

async function docker(): Promise<Engine | NoEngine> {
  const { code, out, error } = await command('docker', ['version', '--format', '{{.Server.Version}}'])
  if (code !== 0) return { kind: 'none', reason: code === 127 ? 'there is no docker' : lastLine(error) }
  return {
    kind: 'engine',
    origin: `Docker ${out.trim()}`,
    environment: {},
    buildArgs: [],
    standIns: 'refused',
    run: (args, options) => command('docker', args, options),
    said: (args, options) => said('docker', args, options),
    stop: async () => {},
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
