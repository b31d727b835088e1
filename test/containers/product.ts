// Product: our own image, built from deploy/Dockerfile, and containers of it that run with as few rights as the compose file
// gives them: no root, nothing to write but /data and /tmp, no capability.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { root } from '../root.ts'
import type { Ended } from './command.ts'
import type { Engine } from './engine.ts'
import { image, type NoImage, qualified } from './images.ts'

export const PRODUCT = qualified('plumbline')
const buildMsMax = 900_000
const answerMsMax = 60_000
const hardened = [
  ...['--read-only', '--tmpfs', '/tmp', '--init'],
  ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
]

export interface BuiltProduct {
  readonly kind: 'built'
  /** Of the image that it is made from. */
  readonly origin: string
  readonly builtMs: number
}

export async function buildProduct(engine: Engine): Promise<BuiltProduct | NoImage> {
  const file = path.join(root, 'deploy/Dockerfile')
  const [, base = ''] = /^FROM (\S+) AS build$/m.exec(readFileSync(file, 'utf8')) ?? []
  const from = await image(engine, base)
  if (from.kind === 'none') return from
  const beganMs = performance.now()
  await engine.said(['build', ...engine.buildArgs, '--tag', PRODUCT, '--file', file, root], { timeoutMs: buildMsMax })
  return { kind: 'built', origin: `${base}, ${from.origin}`, builtMs: performance.now() - beganMs }
}

/** What the command line in a container says; it has no network. */
export function plumbline(engine: Engine, args: readonly string[], options: readonly string[] = []): Promise<Ended> {
  return engine.run(['run', '--rm', ...hardened, '--network', 'none', ...options, PRODUCT, ...args])
}

/** Runs a program of Node in a container, without our entry point. */
export function inside(engine: Engine, program: string): Promise<string> {
  const options = ['run', '--rm', ...hardened, '--network', 'none', '--entrypoint', 'node']
  return engine.said([...options, PRODUCT, '-e', program])
}

export interface Running {
  readonly name: string
  /** On this machine. */
  readonly metricsUrl: string
  readonly consoleUrl: string
  logs(): Promise<string>
  /** The exit code of the image's own health check, run within. */
  check(): Promise<number>
  /** Asks it to end and says with what code it did. */
  end(): Promise<number>
  remove(): Promise<void>
}

/** A container that goes on: `args` and the variables given, both listeners published on loopback. */
export async function start(
  engine: Engine,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Running> {
  const name = `plumbline-proof-${process.pid}`
  const set = Object.entries(variables).flatMap(([variable, value]) => ['--env', `${variable}=${value}`])
  const ports = ['--publish', '127.0.0.1::9464', '--publish', '127.0.0.1::9465']
  await engine.said(['run', '--detach', '--name', name, ...hardened, ...ports, ...set, PRODUCT, ...args])
  const published = async (port: number): Promise<string> =>
    `http://${(await engine.said(['port', name, `${port}/tcp`])).trim().split('\n')[0]}`
  return {
    name,
    metricsUrl: await published(9464),
    consoleUrl: await published(9465),
    logs: async () => {
      const { out, error } = await engine.run(['logs', name])
      return out + error
    },
    check: async () => {
      const stated = await engine.said(['inspect', '--format', '{{json .Config.Healthcheck.Test}}', name])
      const [, ...program] = JSON.parse(stated)
      return (await engine.run(['exec', name, ...program])).code
    },
    end: async () => {
      await engine.said(['stop', '--time', '40', name])
      return Number(await engine.said(['inspect', '--format', '{{.State.ExitCode}}', name]))
    },
    remove: async () => {
      await engine.run(['rm', '--force', '--volumes', name])
    },
  }
}

/** Asks again until the answer is 200; null when it never was. */
export async function answered(url: string, timeoutMs = answerMsMax): Promise<string | null> {
  for (const endMs = performance.now() + timeoutMs; performance.now() < endMs; await wait(200)) {
    try {
      const response = await fetch(url)
      const text = await response.text()
      if (response.ok) return text
    } catch {
      // Not listening yet.
    }
  }
  return null
}
